import { Redis } from "ioredis";
import type { SystemName, Work } from "./contenders.ts";
import { Gauge, type Sample } from "./gauge.ts";
import { naive1, naive2 } from "./naive.ts";
import { raw } from "./raw.ts";
import { refrain } from "./refrain.ts";
import type { System } from "./system.ts";

const systems: Readonly<Record<SystemName, System>> = { raw, naive1, naive2, refrain };

/** Fills a queue, has one worker empty it, and clears away what both left. Only the worker's part is measured. */
export async function takeSample(
  redisUrl: string,
  name: SystemName,
  work: Work,
  runs: number,
): Promise<Sample> {
  const system = systems[name];
  const place = { redisUrl, namespace: `bench-${process.pid}` };
  const redis = new Redis(redisUrl);
  await system.enqueue(place, runs, work);
  const gauge = new Gauge(redis, runs);
  const stop = await system.start(place, gauge);
  const sample = await gauge.sample;
  await stop();
  await removeKeys(redis, `{${place.namespace}:*`);
  redis.disconnect();
  return sample;
}

async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: pattern, count: 1000 })) {
    const found = keys as readonly string[];
    if (found.length > 0) await redis.unlink(...found);
  }
}
