import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { type Client, createClient } from "refrain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type StartedBoard, startBoard } from "../src/index.ts";
import { failing } from "./support/shop.ts";
import { WorkerProcess } from "./support/worker-process.ts";

let redis: RedisServer;
let worker: WorkerProcess;
let client: Client;
let board: StartedBoard;

beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ connection: redis.url });
  worker = await WorkerProcess.start(redis.url);
  board = await startBoard({ connection: redis.url, queues: [failing.queue], readOnly: false });
}, 60_000);

afterAll(async () => {
  await board.close();
  await client.close();
  await worker.kill();
  await redis.stop();
});

it("has the worker answer a retried run from its stored outcome, without a new attempt", async () => {
  const order = { id: "order-18", gate: "", password: "" };
  const run = await client.enqueue(failing, order, { runId: "order-18" });
  await expect(run.result({ timeoutMs: 20_000 })).rejects.toThrow("no funds on this card");
  const before = await eventually(() => failedJob());

  const pressed = await fetch(`${board.url}api/queues/default/run-order-18/retry`, {
    method: "PUT",
    headers: { Origin: new URL(board.url).origin },
  });
  const after = await eventually(async () => {
    const page = await failedJob();
    expect(page.job.finishedOn).toBeGreaterThan(before.job.finishedOn);
    return page;
  });

  expect(pressed.status).toBe(204);
  expect(after.job.data).toEqual(before.job.data);
  expect(after.job.attempts).toBe(1);
  await expect(run.result({ timeoutMs: 5000 })).rejects.toThrow("no funds on this card");
});

interface JobPage {
  readonly status: string;
  readonly job: { readonly finishedOn: number; readonly attempts: number; readonly data: object };
}

async function failedJob(): Promise<JobPage> {
  const response = await fetch(`${board.url}api/queues/default/run-order-18`);
  const page = (await response.json()) as JobPage;
  expect(page.status).toBe("failed");
  return page;
}
