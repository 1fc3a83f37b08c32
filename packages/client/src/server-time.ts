import type { Redis } from "ioredis";

/** The server's time, epoch milliseconds: what the times of a run's record are compared with. */
export async function serverTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}
