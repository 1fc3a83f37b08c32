import { Cluster, Redis } from "ioredis";
import type { Place } from "./system.ts";

const OPTIONS = { maxRetriesPerRequest: null } as const;

/** What Refrain and BullMQ are given to connect with; it connects when it is used itself. */
export function connectionOf({ redisUrl, seeds }: Place): Redis | Cluster {
  const lazyConnect = true;
  if (seeds === undefined) return new Redis(redisUrl, { ...OPTIONS, lazyConnect });
  return new Cluster([...seeds], { lazyConnect, redisOptions: OPTIONS });
}

/** A connection to each server. */
export function nodesOf({ redisUrl, seeds }: Place): Redis[] {
  if (seeds === undefined) return [new Redis(redisUrl, OPTIONS)];
  return seeds.map(({ host, port }) => new Redis({ ...OPTIONS, host, port }));
}
