import { setTimeout as pause } from "node:timers/promises";
import type { RedisClient, ShardKeys } from "@refrain/redis-store";
import type { QueueFacts } from "./diagnosis.ts";

/** What BullMQ holds of a queue, over all shards; undefined when there is no such queue. */
export async function lookAtQueue(
  redis: RedisClient,
  shards: readonly ShardKeys[],
  name: string,
): Promise<QueueFacts | undefined> {
  const prefixes = shards.map(({ prefix }) => `${prefix}:${name}`);
  const exist = await Promise.all(prefixes.map((at) => redis.exists(`${at}:meta`)));
  if (!exist.includes(1)) return undefined;
  const sum = async (count: (at: string) => Promise<number>): Promise<number> => {
    const counts = await Promise.all(prefixes.map(count));
    return counts.reduce((total, each) => total + each, 0);
  };
  const [active, delayed, failed, paused, waiting, seen] = await Promise.all([
    sum((at) => redis.llen(`${at}:active`)),
    sum((at) => redis.zcard(`${at}:delayed`)),
    sum((at) => redis.zcard(`${at}:failed`)),
    sum((at) => redis.hexists(`${at}:meta`, "paused")),
    Promise.all(prefixes.map((at) => countWaiting(redis, at))),
    seeWorkers(redis, prefixes),
  ]);
  return {
    name,
    waiting: waiting.reduce((total, each) => total + each),
    active,
    delayed,
    failed,
    isPaused: paused > 0,
    hasWorker: seen.includes(true),
    shardsWithoutWorker: shards
      .map(({ shard }) => shard)
      .filter((_, index) => waiting[index] !== 0 && seen[index] === false),
  };
}

async function countWaiting(redis: RedisClient, at: string): Promise<number> {
  const counts = await Promise.all([
    redis.llen(`${at}:wait`),
    redis.llen(`${at}:paused`),
    redis.zcard(`${at}:prioritized`),
  ]);
  return counts.reduce((total, each) => total + each);
}

const LOOKS = 5;

/**
 * Every worker leaves a key behind when it looks for stalled jobs, which lasts until it looks again. Between the two it can be
 * missed, so it is looked for a few times.
 */
async function seeWorkers(redis: RedisClient, prefixes: readonly string[]): Promise<boolean[]> {
  const seen = prefixes.map(() => false);
  for (let look = 1; look <= LOOKS && seen.includes(false); look++) {
    if (look > 1) await pause(100);
    const found = await Promise.all(prefixes.map((at) => redis.exists(`${at}:stalled-check`)));
    for (const [index, count] of found.entries()) if (count === 1) seen[index] = true;
  }
  return seen;
}
