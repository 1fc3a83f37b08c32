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
  const lists = ["wait", "paused"].map((list) => sum((at) => redis.llen(`${at}:${list}`)));
  const [active, delayed, prioritized, failed, paused, hasWorker, ...waiting] = await Promise.all([
    sum((at) => redis.llen(`${at}:active`)),
    sum((at) => redis.zcard(`${at}:delayed`)),
    sum((at) => redis.zcard(`${at}:prioritized`)),
    sum((at) => redis.zcard(`${at}:failed`)),
    sum((at) => redis.hexists(`${at}:meta`, "paused")),
    seesWorker(redis, prefixes),
    ...lists,
  ]);
  return {
    name,
    waiting: waiting.reduce((total, each) => total + each, prioritized),
    active,
    delayed,
    failed,
    isPaused: paused > 0,
    hasWorker,
  };
}

const LOOKS = 5;

/**
 * Every worker leaves a key behind when it looks for stalled jobs, which lasts until it looks again. Between the two it can be
 * missed, so it is looked for a few times.
 */
async function seesWorker(redis: RedisClient, prefixes: readonly string[]): Promise<boolean> {
  for (let look = 1; look <= LOOKS; look++) {
    const found = await Promise.all(prefixes.map((at) => redis.exists(`${at}:stalled-check`)));
    if (found.includes(1)) return true;
    if (look < LOOKS) await pause(100);
  }
  return false;
}
