import { isCluster } from "./connection-facts.ts";
import { copiesOf } from "./patient-copies.ts";
import type { RedisClient } from "./script.ts";

/** Ends a connection for good, with every copy that BullMQ made of it: whoever still waits for an answer is told that none comes. */
export function endConnection(redis: RedisClient): void {
  for (const copy of copiesOf(redis)) endConnection(copy);
  // ioredis would keep the process for another 2 s over one that has ended.
  if (redis.status === "end") return;
  redis.disconnect();
  if (isCluster(redis)) settle(redis);
}

/**
 * A cluster's client of ioredis 6.0 forgets that it has ended: its nodes end one after the other, and each sets its status anew.
 * What is asked of it from then on would never be answered, nor what it was asked while no node was there.
 */
function settle(cluster: object): void {
  Object.defineProperty(cluster, "status", { get: () => "end", set: () => {} });
  const flush: unknown = Reflect.get(cluster, "flushQueue");
  const emit: unknown = Reflect.get(cluster, "emit");
  if (typeof flush === "function") flush.call(cluster, new Error("Connection is closed."));
  if (typeof emit === "function") process.nextTick(() => emit.call(cluster, "end"));
}
