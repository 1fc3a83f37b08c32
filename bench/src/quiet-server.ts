import { Redis } from "ioredis";

const REWRITES = "auto-aof-rewrite-percentage";

/** Keeps the server from rewriting its log in the middle of a sample; returns how to undo it. */
export async function quietServer(redisUrl: string): Promise<() => Promise<void>> {
  const redis = new Redis(redisUrl);
  const [, percentage = "100"] = await redis.config("GET", REWRITES);
  await redis.config("SET", REWRITES, "0");
  return async () => {
    await redis.config("SET", REWRITES, percentage);
    await redis.quit();
  };
}
