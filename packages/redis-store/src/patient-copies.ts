import { isCluster, optionsOf } from "./connection-facts.ts";
import type { RedisClient } from "./script.ts";

/** BullMQ blocks no longer than this for a job. */
const LONGEST_BLOCK_MS = 10_000;

const copies = new WeakMap<RedisClient, RedisClient[]>();

/**
 * BullMQ duplicates its connection, to block on it for jobs: there silence is a sign of death only later. When Redis is away,
 * it may never close the copy.
 */
export function makeCopiesPatient(redis: RedisClient): void {
  const made: RedisClient[] = [];
  copies.set(redis, made);
  const { socketTimeout } = optionsOf(redis);
  const later = socketTimeout === undefined ? undefined : socketTimeout + LONGEST_BLOCK_MS;
  if (isCluster(redis)) {
    const duplicate = redis.duplicate.bind(redis);
    redis.duplicate = (nodes, override) => {
      const redisOptions = { ...override?.redisOptions, socketTimeout: later };
      const copy = duplicate(nodes, { ...override, redisOptions } as typeof override);
      made.push(copy);
      return copy;
    };
    return;
  }
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const copy = duplicate({ ...override, socketTimeout: later });
    made.push(copy);
    return copy;
  };
}

/** The copies made of a connection so far. */
export function copiesOf(redis: RedisClient): readonly RedisClient[] {
  return copies.get(redis) ?? [];
}
