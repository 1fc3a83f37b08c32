import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";

/** A connection to the server the tests were given, and a namespace nobody else uses there. */
export interface TestNamespace {
  readonly redis: Redis;
  readonly namespace: string;
  /** Deletes what is left in the namespace and ends the connection. */
  readonly close: () => Promise<void>;
}

export async function openNamespace(url: string = redisUrl()): Promise<TestNamespace> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const namespace = `test-${randomBytes(6).toString("hex")}`;
  return {
    redis,
    namespace,
    async close() {
      const keys = await keysOf(redis, namespace);
      if (keys.length > 0) await redis.unlink(keys);
      redis.disconnect();
    },
  };
}

export function redisUrl(): string {
  const url = process.env["REDIS_URL"];
  if (url === undefined)
    throw new Error("REDIS_URL must name a scratch server; `npm test` does that");
  return url;
}

/** Keys of a namespace that will never expire although no live run needs them. */
export async function keysWithoutTtl(redis: Redis, namespace: string): Promise<string[]> {
  const leaked: string[] = [];
  for (const key of await keysOf(redis, namespace)) {
    if ((await redis.pttl(key)) !== -1) continue;
    const [, shard = "", rest = ""] = /^(\{.*?\}):(.*)$/s.exec(key) ?? [];
    if (["live", "layout", "shards"].includes(rest)) continue;
    const runId = decodeURIComponent(/^run:([^:]*)/.exec(rest)?.[1] ?? "");
    if ((await redis.zscore(`${shard}:live`, runId)) === null) leaked.push(key);
  }
  return leaked;
}

async function keysOf(redis: Redis, namespace: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: `{${namespace}:*`, count: 1000 })) {
    keys.push(...(page as string[]));
  }
  return keys;
}
