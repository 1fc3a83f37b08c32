import { FaultProxy } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { jobOf, openQueue } from "./bull.ts";
import type { Work } from "./contenders.ts";
import { bench, itemOf } from "./refrain.ts";
import { removeKeys } from "./remove-keys.ts";
import { median } from "./statistics.ts";
import type { Place } from "./system.ts";

/** What it takes to ask for runs. */
export interface EnqueueFigures {
  /** `Queue.addBulk` of 1000 jobs, ms, a median. */
  readonly addBulk: number;
  /** `enqueueMany` of 1000 runs with the same jobs, ms, a median. */
  readonly enqueueMany: number;
  /** What one `enqueue` waits for. */
  readonly roundTrips: number;
}

const COUNT = 1000;
const TIMES = 10;
const work: Work = { calls: 10, isReconcilable: false };

export async function measureEnqueueing(redisUrl: string): Promise<EnqueueFigures> {
  const place = { redisUrl, namespace: `bench-enqueue-${process.pid}` };
  const redis = new Redis(redisUrl);
  const client = createClient({ connection: redisUrl, namespace: place.namespace });
  const { queue, close } = openQueue({ redisUrl, namespace: `${place.namespace}-raw` });
  const jobs = Array.from({ length: COUNT }, (_, index) => jobOf(index, work));
  const items = Array.from({ length: COUNT }, (_, index) => itemOf(index, work));
  const addBulk: number[] = [];
  const enqueueMany: number[] = [];
  // The first time warms up.
  for (let time = 0; time <= TIMES; time += 1) {
    const bulkMs = await timeOf(() => queue.addBulk(jobs));
    const manyMs = await timeOf(() => client.enqueueMany(bench, items));
    await removeKeys(redis, `{${place.namespace}*`);
    if (time === 0) continue;
    addBulk.push(bulkMs);
    enqueueMany.push(manyMs);
  }
  await close();
  await client.close();
  const roundTrips = await countRoundTrips(place);
  await removeKeys(redis, `{${place.namespace}*`);
  redis.disconnect();
  return { addBulk: median(addBulk), enqueueMany: median(enqueueMany), roundTrips };
}

/** How long each way takes on the slow line over which round trips are counted. */
const ONE_WAY_MS = 50;

async function countRoundTrips({ redisUrl, namespace }: Place): Promise<number> {
  await using proxy = await FaultProxy.start({ port: Number(new URL(redisUrl).port) });
  const client = createClient({ connection: proxy.url, namespace });
  await client.enqueue(bench, itemOf(0, work).input);
  proxy.delay(ONE_WAY_MS);
  const ms = await timeOf(() => client.enqueue(bench, itemOf(1, work).input));
  proxy.heal();
  await client.close();
  return Math.floor(ms / (2 * ONE_WAY_MS));
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
