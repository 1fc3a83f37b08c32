import { startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const BATCHES = 12;
const RUNS = 5;
const CALLS = 6;
/** On a busy machine shorter locks run out, whatever becomes of scripts. */
const LOCK_MS = 6000;

test("F12 scripts that are flushed all the time surface nowhere: not at enqueue, not in an attempt", async () => {
  await using server = await startRedis();
  // Each run outlives its lock, so that what renews locks is among the scripts.
  await using work = new Load({ callMs: 1.2 * (LOCK_MS / CALLS), calls: CALLS });
  const options = { connection: server.url, lockDurationMs: LOCK_MS, concurrency: BATCHES * RUNS };
  await work.worker(options).ready();
  const client = createClient({ connection: server.url });
  const redis = new Redis(server.url);
  let flushes = 0;
  const over = new AbortController();
  const flushing = (async () => {
    for (; !over.signal.aborted; flushes++) await redis.script("FLUSH");
  })();

  const runs = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    runs.push(...(await enqueueLoad(client, RUNS, `batch-${batch}`)));
  }
  const outputs = await work.outcomes(runs, 25_000);
  over.abort();
  await flushing;

  expect(flawsOf(work, outputs)).toEqual([]);
  expect(outputs.size).toBe(BATCHES * RUNS);
  expect(flushes).toBeGreaterThan(100);
  expect([...work.lost]).toEqual([]);
  expect(work.attempts).toBe(BATCHES * RUNS);
  redis.disconnect();
  await client.close();
}, 40_000);
