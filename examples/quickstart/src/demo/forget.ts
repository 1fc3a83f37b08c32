import { Redis } from "ioredis";

/** Removes all that a namespace left in Redis: a demonstration takes its traces along. */
export async function forgetNamespace(url: string, namespace: string): Promise<void> {
  // Where Redis is gone there is nothing to remove, and nothing to wait for.
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {});
  try {
    for await (const keys of redis.scanStream({ match: `{${namespace}:*`, count: 1000 })) {
      if (keys.length > 0) await redis.unlink(keys);
    }
  } finally {
    redis.disconnect();
  }
}
