import { appRoutes } from "@bull-board/api/dist/routes.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BoardOptions, createBoard } from "../src/index.ts";
import { ask } from "./support/ask.ts";
import { BoardFixture } from "./support/board-fixture.ts";

let fixture: BoardFixture;
let jobId: string;

beforeAll(async () => {
  fixture = await BoardFixture.start();
  jobId = await fixture.add({ runId: "order-17", output: { paymentId: "p-1" } });
});
afterAll(() => fixture[Symbol.asyncDispose]());

type Common = Omit<Partial<BoardOptions>, "store" | "queues">;

function boardWith(options: Common = {}) {
  const { store, queue } = fixture;
  return createBoard({ store, queues: [queue], ...options }).app;
}

/** Every address of Bull Board that changes something, for the job at hand. */
const changes = appRoutes.api.flatMap(({ method, route }) =>
  [method]
    .flat()
    .flatMap((verb) => (verb === "get" ? [] : [route].flat().map((path) => [verb, path]))),
);
const fill = (route: string) =>
  route
    .replace(":queueName", "default")
    .replace(":jobId", jobId)
    .replace(":queueStatus", "completed")
    .replace(":schedulerId", "s");
const sameOrigin = { "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json" };

describe("a read-only board", () => {
  it.each(changes)("refuses %s %s with 405", async (method, route) => {
    const url = `http://localhost${fill(route)}`;

    const response = await ask(boardWith(), url, {
      method: method.toUpperCase(),
      headers: sameOrigin,
    });

    expect(response.status).toBe(405);
    expect(await response.json()).toMatchObject({ message: "This board is read-only." });
  });

  it("is what one gets unasked, and tells the page so", async () => {
    const response = await ask(boardWith(), "http://localhost/api/queues");

    expect(await response.json()).toMatchObject({
      queues: [{ name: "default", readOnlyMode: true, allowRetries: false, hasWorkers: null }],
    });
  });
});

describe("a writable board", () => {
  const put = (route: string, headers: Record<string, string> = sameOrigin) =>
    ask(boardWith({ readOnly: false }), `http://localhost${fill(route)}`, {
      method: "PUT",
      headers,
    });

  it("pauses and resumes a queue", async () => {
    expect((await put("/api/queues/:queueName/pause")).status).toBe(200);
    expect(await fixture.queue.isPaused()).toBe(true);

    expect((await put("/api/queues/:queueName/resume")).status).toBe(200);
    expect(await fixture.queue.isPaused()).toBe(false);
  });

  it("refuses what would part a run from its job", async () => {
    for (const action of [
      ":jobId/clean",
      "empty",
      "obliterate",
      ":jobId/update-data",
      "clean/completed",
    ]) {
      const method = action.endsWith("data") ? "PATCH" : "PUT";
      const url = `http://localhost${fill(`/api/queues/:queueName/${action}`)}`;
      const response = await ask(boardWith({ readOnly: false }), url, {
        method,
        headers: sameOrigin,
      });

      expect(response.status).toBe(405);
    }
    expect(await fixture.queue.getJob(jobId)).toBeDefined();
  });

  it("refuses a change that another site's page sends", async () => {
    const headers = { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site" };

    expect((await put("/api/queues/:queueName/pause", headers)).status).toBe(403);
    expect(await fixture.queue.isPaused()).toBe(false);
  });

  it("asks for the password first", async () => {
    const auth = { username: "ops", password: "correct horse" };
    const url = "http://board.example/api/queues/default/pause";

    const response = await ask(boardWith({ readOnly: false, auth }), url, { method: "PUT" });

    expect(response.status).toBe(401);
    expect(await fixture.queue.isPaused()).toBe(false);
  });
});

describe("auth", () => {
  const auth = { username: "ops", password: "correct horse" };
  const addresses = [
    "/",
    "/queue/default",
    "/api/queues",
    "/static/images/logo.svg",
    "/api/queues/default/x/logs",
  ];

  it.each(addresses)("guards %s", async (path) => {
    const refused = await ask(boardWith({ auth }), `http://board.example${path}`);

    expect(refused.status).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toContain("Basic");
    expect(refused.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(await refused.text()).toBe("Unauthorized");
  });

  it.each(addresses)("is not needed for %s on this machine, but elsewhere", async (path) => {
    expect((await ask(boardWith(), `http://board.example${path}`)).status).toBe(403);
    expect((await ask(boardWith(), `http://127.0.0.1${path}`)).status).not.toBe(403);
  });

  it("lets in who has the password", async () => {
    const headers = { Authorization: `Basic ${btoa("ops:correct horse")}` };

    const response = await ask(boardWith({ auth }), "http://board.example/", { headers });

    expect(response.status).toBe(200);
  });
});

describe("a board under a path", () => {
  it("answers there and nowhere else", async () => {
    const app = boardWith({ basePath: "/ops/runs" });

    const page = await ask(app, "http://localhost/ops/runs");
    const asset = await ask(app, "http://localhost/ops/runs/static/images/logo.svg");

    expect(await page.text()).toContain('<base href="/ops/runs/" />');
    expect(asset.status).toBe(200);
    expect((await ask(app, "http://localhost/")).status).toBe(404);
    expect((await ask(app, "http://elsewhere.example/")).status).toBe(404);
  });
});

describe("options", () => {
  it("refuses those it does not know, and paths it cannot serve", () => {
    expect(() => boardWith({ readonly: true } as Common)).toThrow(/unknown option "readonly"/);
    expect(() => boardWith({ basePath: "ops/" })).toThrow(/basePath must be/);
  });
});
