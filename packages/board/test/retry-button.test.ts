import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { type Client, createClient, type RunHandle } from "refrain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type StartedBoard, startBoard } from "../src/index.ts";
import { failing } from "./support/shop.ts";
import { WorkerProcess } from "./support/worker-process.ts";

const auth = { username: "ops", password: "correct horse" };
const folder = mkdtempSync(path.join(tmpdir(), "refrain-board-"));
let redis: RedisServer;
let worker: WorkerProcess;
let client: Client;
let board: StartedBoard;

beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ connection: redis.url });
  worker = await WorkerProcess.start(redis.url);
  board = await startBoard({
    connection: redis.url,
    queues: [failing.queue],
    readOnly: false,
    auth,
  });
}, 60_000);

afterAll(async () => {
  await board.close();
  await client.close();
  await worker.kill();
  await redis.stop();
});

const gateOf = (runId: string): string => path.join(folder, runId);
const fundCard = (runId: string): void => writeFileSync(gateOf(runId), "");

/** A run whose card was declined, and whose job says so by now. */
async function declined(runId: string): Promise<RunHandle<string>> {
  const order = { id: runId, gate: gateOf(runId), password: "" };
  const run = await client.enqueue(failing, order, { runId });
  await expect(run.result({ timeoutMs: 20_000 })).rejects.toThrow("no funds on this card");
  await eventually(async () => expect(await statusOf(runId)).toBe("failed"));
  return run;
}

async function statusOf(runId: string): Promise<string> {
  const response = await ask(`api/queues/default/run-${runId}`);
  return ((await response.json()) as { status: string }).status;
}

function ask(route: string, method = "GET", origin = new URL(board.url).origin): Promise<Response> {
  const Authorization = `Basic ${btoa(`${auth.username}:${auth.password}`)}`;
  return fetch(`${board.url}${route}`, { method, headers: { Origin: origin, Authorization } });
}

const press = (route: string, origin?: string): Promise<Response> =>
  ask(`api/queues/default/${route}`, "PUT", origin);

it("F24 the retry button has the run go on with the call that failed", async () => {
  const run = await declined("order-18");
  fundCard("order-18");

  const pressed = await press("run-order-18/retry");

  expect(pressed.status).toBe(204);
  expect(await run.result({ timeoutMs: 20_000 })).toBe("paid");
  await eventually(async () => expect(await statusOf("order-18")).toBe("completed"));
});

it("says why a run is not retried, and changes nothing", async () => {
  const run = await declined("order-19");
  fundCard("order-19");
  await press("run-order-19/retry");
  await run.result({ timeoutMs: 20_000 });

  const again = await press("run-order-19/retry");
  const unknown = await press("run-order-0/retry");
  const foreign = await press("somebody-elses/retry");

  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({
    error: { key: "ERRORS.JOB_NOT_RETRIABLE" },
    message: expect.stringMatching(/^run order-19 is SUCCEEDED: only a run that is FAILED/),
  });
  expect([unknown.status, foreign.status]).toEqual([404, 409]);
  expect(await run.status()).toBe("SUCCEEDED");
});

it("retries all failed runs of a queue, those it can, and names the others", async () => {
  const runs = [await declined("order-20"), await declined("order-21")];
  for (const { runId } of runs) fundCard(runId);
  // A job that says failed although its run did not: its record is gone.
  await declined("order-22");
  const direct = new Redis(redis.url);
  await direct.del("{refrain:0}:run:order-22", "{refrain:0}:run:order-22:calls");
  direct.disconnect();

  const pressed = await press("retry/failed");

  expect(pressed.status).toBe(409);
  expect(await pressed.json()).toMatchObject({
    message: expect.stringMatching(/^2 retried, 1 not: there is no run order-22/),
  });
  for (const run of runs) expect(await run.result({ timeoutMs: 20_000 })).toBe("paid");
  expect((await press("retry/completed")).status).toBe(400);
});

it("asks for the password first, and refuses what another site's page sends", async () => {
  const run = await declined("order-23");
  fundCard("order-23");

  const stranger = await fetch(`${board.url}api/queues/default/run-order-23/retry`, {
    method: "PUT",
  });
  const forged = await press("run-order-23/retry", "http://evil.example");

  expect([stranger.status, forged.status]).toEqual([401, 403]);
  expect(await run.status()).toBe("FAILED");
});
