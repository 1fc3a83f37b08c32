import type { Redis } from "ioredis";

export interface KeyLeakOptions {
  /** Queues in use; their keys are BullMQ's business. */
  readonly queues?: readonly string[];
}

/**
 * Keys of a namespace that will stay for ever although no live run needs them: call it when all is quiet, and expect none.
 *
 * @param redis a plain connection to the one node that has the namespace
 */
export async function keysWithoutTtl(
  redis: Redis,
  namespace: string,
  options: KeyLeakOptions = {},
): Promise<string[]> {
  const leaks: string[] = [];
  for await (const batch of redis.scanStream({ match: `{${namespace}:*}:*`, count: 1000 })) {
    for (const key of batch as string[]) {
      const isKept = (await redis.pttl(key)) === -1;
      if (isKept && !(await isNeeded(redis, key, options.queues ?? []))) leaks.push(key);
    }
  }
  return leaks.toSorted();
}

async function isNeeded(redis: Redis, key: string, queues: readonly string[]): Promise<boolean> {
  const [, prefix = "", name = "", rest = ""] =
    /^(?<prefix>\{[^}]*\}):(?<name>[^:]+)(?::(?<rest>.*))?$/s.exec(key) ?? [];
  if (["live", "layout", "shards"].includes(name) || queues.includes(name)) return true;
  if (name !== "run") return false;
  const runId = decodeURIComponent(rest.replace(/:calls$/, ""));
  return (await redis.zscore(`${prefix}:live`, runId)) !== null;
}
