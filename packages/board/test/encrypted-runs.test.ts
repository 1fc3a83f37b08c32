import { randomBytes } from "node:crypto";
import { jobIdOf } from "@refrain/client";
import { type RedisServer, startRedis } from "@refrain/testkit";
import { aesGcmCodec, createClient, createWorker, defineAction, durable } from "refrain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BoardOptions, createBoard } from "../src/index.ts";
import { ask } from "./support/ask.ts";

const codec = aesGcmCodec({ keys: { first: randomBytes(32) }, primaryKeyId: "first" });
const order = defineAction<{ note: string }, string>({ name: "order" });
const reserve = durable("reserve", async (note: string) => ({ reserved: note }));
const implementation = order.implement(async (ctx, { note }) => {
  await ctx.durableExecute(reserve, [note]);
  throw new Error(`declined ${note}`);
});

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function pageAndLog(options: Partial<BoardOptions>): Promise<string> {
  const connected = { connection: server.url, queues: ["default"], namespace: "shop" };
  const board = createBoard({ ...connected, ...options } as BoardOptions);
  try {
    await board.ready();
    const job = `http://localhost/api/queues/default/${jobIdOf("o-1")}`;
    const answers = await Promise.all([ask(board.app, job), ask(board.app, `${job}/logs`)]);
    return (await Promise.all(answers.map((answer) => answer.text()))).join("\n");
  } finally {
    await board.close();
  }
}

it("shows an encrypted run to whoever gives the board the codec, and to nobody else", async () => {
  const parts = { connection: server.url, namespace: "shop", codec };
  const worker = createWorker({ ...parts, actions: [implementation], drainTimeoutMs: 100 });
  const client = createClient(parts);
  const run = await client.enqueue(order, { note: "n-4711" }, { runId: "o-1" });
  await expect(run.result()).rejects.toThrow("declined n-4711");
  await Promise.all([worker.close(), client.close()]);

  const [shown, hidden] = [await pageAndLog({ codec }), await pageAndLog({})];

  expect(shown).toContain('"note":"n-4711"');
  expect(shown).toContain("declined n-4711");
  expect(shown).toMatch(/reserved.*n-4711/);
  expect(hidden).toContain("unreadable");
  expect(hidden).not.toContain("n-4711");
});
