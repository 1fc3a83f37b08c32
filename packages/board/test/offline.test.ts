import { afterAll, beforeAll, expect, it } from "vitest";
import { type Board, createBoard } from "../src/index.ts";
import { ask } from "./support/ask.ts";
import { BoardFixture } from "./support/board-fixture.ts";

let fixture: BoardFixture;
let board: Board;
beforeAll(async () => {
  fixture = await BoardFixture.start();
  board = createBoard({ store: fixture.store, queues: [fixture.queue] });
});
afterAll(() => fixture[Symbol.asyncDispose]());

const get = (path: string) => ask(board.app, `http://localhost/${path}`);

const pages = ["", "queue/default", "queue/default/run-order-17", "metrics-history"];

it.each(pages)("names no other origin on the page /%s", async (path) => {
  const page = await (await get(path)).text();

  expect(page).toContain('<div id="root">');
  expect(page).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
});

it("serves whatever the page asks for, styles that import nothing among it", async () => {
  const page = await (await get("")).text();
  const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");

  for (const path of assets.filter((asset) => asset !== "/")) {
    const response = await get(path);
    expect([path, response.status]).toEqual([path, 200]);
    const isStyle = response.headers.get("Content-Type")?.startsWith("text/css");
    expect(isStyle ? await response.text() : "").not.toMatch(/@import|url\(["']?(?:https?:)?\/\//);
  }
  expect(assets).toContain("static/refrain.css");
});

it("lets nothing be loaded from elsewhere, run inline or be framed", async () => {
  const policy = (await get("")).headers.get("Content-Security-Policy") ?? "";

  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

it("keeps payloads out of caches, but not assets", async () => {
  expect((await get("api/queues")).headers.get("Cache-Control")).toBe("no-store");
  expect((await get("")).headers.get("Cache-Control")).toBe("no-store");
  expect((await get("static/images/logo.svg")).headers.get("Cache-Control")).not.toBe("no-store");
});

it("names a job's tabs after what they hold", async () => {
  const messages = await (await get("static/locales/en-US/messages.json?v=9.10.1")).text();

  expect(JSON.parse(messages)).toMatchObject({
    JOB: {
      NO_LOGS: "No calls in the journal",
      TABS: { DATA: "Run", LOGS: "Calls", ERROR: "Error" },
    },
  });
});
