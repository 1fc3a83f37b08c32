import type { Cluster, Redis } from "ioredis";

/**
 * The server's time, epoch milliseconds: what the times of a run's record are compared with. Of a cluster, any server's: they are
 * to agree within what that matters for.
 */
export async function serverTime(redis: Redis | Cluster): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}
