import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import type { Browser, Page } from "playwright-core";
import { type Client, createClient } from "refrain";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aclArgs, refusals, urlOf } from "../../refrain/test/support/acl.ts";
import { type StartedBoard, startBoard } from "../src/index.ts";
import { launchChromium, noBrowser } from "./support/chromium.ts";
import { failing, hundred, recovering } from "./support/shop.ts";
import { WorkerProcess } from "./support/worker-process.ts";

describe.skipIf(noBrowser)(`real runs in a browser${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  let dir: string;
  let gate: string;
  let redis: RedisServer;
  let worker: WorkerProcess;
  let client: Client;
  let board: StartedBoard;
  let browser: Browser;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), "refrain-board-"));
    gate = path.join(dir, "gate");
    // Each may do what the package's files allow it, and nothing else.
    redis = await startRedis({ args: [...aclArgs("worker"), ...aclArgs("viewer")] });
    const url = urlOf("worker", redis.port);
    client = createClient({ connection: url });
    board = await startBoard({
      connection: urlOf("viewer", redis.port),
      queues: [recovering.queue],
    });
    browser = await launchChromium();
    const first = await WorkerProcess.start(url);
    await client.enqueue(recovering, order("order-17"), { runId: "order-17" });
    await first.said("charging order-17");
    await first.kill();
    worker = await WorkerProcess.start(url);
    await client.enqueue(failing, order("order-18"), { runId: "order-18" });
    await client.enqueue(hundred, order("order-100"), { runId: "order-100" });
    await untilCalls("order-17", 3);
    await untilCalls("order-100", 100);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await board?.close();
    await client?.close();
    await worker?.kill();
    await redis?.stop();
    rmSync(dir, { recursive: true });
  });

  beforeEach(async () => {
    trouble = [];
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on("console", (message) => {
      if (message.type() === "error") trouble.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => trouble.push(`page error: ${error.message}`));
    page.on("requestfailed", (request) => trouble.push(`failed: ${request.url()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(board.url)) trouble.push(`foreign: ${request.url()}`);
    });
    return async () => {
      await page.close();
      if (trouble.length > 0) throw new Error(trouble.join("\n"));
    };
  });

  const order = (id: string) => ({ id, gate, password: "hunter2" });

  async function untilCalls(runId: string, number: number): Promise<void> {
    await eventually(
      async () => {
        const { callResults } = await client.run(runId).state();
        expect(callResults).toHaveLength(number);
      },
      { timeoutMs: 60_000, intervalMs: 50 },
    );
  }

  /**
   * What a person reads on a run's page under one of its tabs, line by line.
   *
   * @param awaited what is there once all is: a page says that it has no calls until it has them
   */
  async function read(runId: string, tab: string, awaited: RegExp = /\w/): Promise<string[]> {
    await page.goto(`${board.url}queue/default/run-${runId}`);
    await page.getByRole("tab", { name: tab }).click();
    const panel = page.getByRole("tabpanel", { name: tab });
    await panel.getByText(awaited).first().waitFor();
    const text = await panel.innerText();
    return text.split("\n").map((line) => line.trim());
  }

  it("lists runs by action, run id and status", async () => {
    await page.goto(`${board.url}queue/default`);

    await page.getByText("order-17 ·").waitFor();

    const names = await page.getByRole("heading", { level: 5 }).allInnerTexts();

    expect(names.toSorted()).toEqual([
      "failing-order · order-18 · FAILED",
      "hundred-calls · order-100 · RUNNING",
      expect.stringMatching(/^recovering-order · order-17 · RUNNING.*attempt #2$/),
    ]);
  });

  it("shows a run whose worker was killed, in its second attempt", async () => {
    const run = await read("order-17", "Run");
    await page.getByText("recovering-order · order-17 · RUNNING").waitFor();
    await page.getByText("attempt #2").waitFor();
    const calls = await read("order-17", "Calls", /stock\.reserve/);

    expect(run).toContain('status:"RUNNING",');
    expect(run).toContain('password:"[redacted]"');
    expect(run).toContain('calls:"3: 2 succeeded, 1 pending, 1 replayed, 1 reconciled",');
    expect(calls.slice(1)).toEqual([
      expect.stringMatching(
        /^0 {2}stock.reserve .*attempt 1, replayed {2}→ {"reserved":"order-17"}$/,
      ),
      expect.stringMatching(/^1 {2}payments.charge .*attempt 2, reconciled {2}→ {"paymentId":/),
      expect.stringMatching(/^2 {2}shop.wait +PENDING +attempt 2, started$/),
    ]);
  });

  it("shows why a run failed, and at which call", async () => {
    const error = await read("order-18", "Error");
    const run = await read("order-18", "Run");
    const calls = await read("order-18", "Calls", /stock\.reserve/);

    expect(error).toEqual(["CardDeclined: no funds on this card"]);
    expect(run).toEqual(expect.arrayContaining(["failedSlot:1", 'code:"DECLINED"']));
    expect(calls.at(-1)).toMatch(/FAILED .* error: CardDeclined: no funds on this card$/);
  });

  it("shows a hundred calls, and finds one among them", async () => {
    const calls = await read("order-100", "Calls", /shop\.wait/);
    await page.getByPlaceholder("Filters").fill("order-100/42");
    const found = page.getByRole("tabpanel").getByRole("listitem").filter({ hasText: "shop." });
    await page.getByText("order-100/41").waitFor({ state: "detached" });

    expect(calls).toHaveLength(101);
    expect(calls[1]).toMatch(/^0 {2}shop.label {2}SUCCEEDED .*→ "order-100\/0"$/);
    expect(calls.at(-1)).toMatch(/^99 {2}shop.wait {3}PENDING/);
    expect(await found.allInnerTexts()).toEqual([expect.stringMatching(/^ *42 {2}shop.label/)]);
  });

  it("shows runs of odd ids, and finds its way to them", async () => {
    const odd = "<img src=x onerror=alert(1)>{x} a:b/.. 🎉";
    await client.enqueue(failing, order(odd), { runId: odd });
    await page.goto(`${board.url}queue/default`);

    await page.getByRole("link", { name: "run-~3cimg" }).click();
    await page.waitForURL(/queue\/default\/run-/);
    await page.getByRole("tab", { name: "Run" }).click();

    await page.getByText(`id:"${odd}",`).first().waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
  });

  it("shows what can be read of a run whose journal holds garbage", async () => {
    await client.enqueue(failing, order("order-19"), { runId: "order-19" });
    await untilCalls("order-19", 2);
    const raw = new Redis(redis.url);
    await raw.hset("{refrain:0}:run:order-19:calls", "0", "\u0000garbage<script>alert(1)</script>");
    raw.disconnect();

    const run = await read("order-19", "Run");
    const calls = await read("order-19", "Calls", /unreadable/);

    expect(run).toContain('id:"order-19",');
    expect(run).toContainEqual(expect.stringMatching(/^calls:"unreadable: .*slot 0/));
    expect(calls).toEqual([expect.stringMatching(/^error: unreadable: .*slot 0/)]);
  });

  it("shows the output, and says where the calls went, once a run has succeeded", async () => {
    writeFileSync(gate, "");
    await client.run("order-100").result({ timeoutMs: 20_000 });

    const run = await read("order-100", "Run");
    const calls = await read("order-100", "Calls");

    expect(run).toContain("output:100,");
    expect(run).toContain('calls:"dropped when the run succeeded"');
    expect(calls).toEqual(["No calls in the journal"]);
  });

  it("asks nothing of Redis that the viewer's access rules refuse", async () => {
    expect(await refusals(redis.url)).toEqual([]);
  });
});
