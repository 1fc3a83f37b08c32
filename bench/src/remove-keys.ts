import type { Redis } from "ioredis";

export async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: pattern, count: 1000 })) {
    const found = keys as readonly string[];
    if (found.length > 0) await redis.unlink(...found);
  }
}
