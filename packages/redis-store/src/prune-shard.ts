import type { Redis } from "ioredis";
import { mastersOf } from "./connection-facts.ts";
import type { ShardKeys } from "./keys.ts";
import { type RedisClient, runScript } from "./script.ts";
import { prune } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

const PAGE_KEYS = 1000;

/** Deletes a shard's runs that settled before a moment; there is no list of them, so it looks at every key. */
export async function pruneShard(
  redis: RedisClient,
  keys: ShardKeys,
  before: number,
): Promise<number> {
  try {
    let count = 0;
    // In a cluster, each node knows only its own keys.
    for (const node of mastersOf(redis)) {
      for await (const runs of pagesOfRuns(node, keys)) {
        const page = runs.flatMap((run) => [run, `${run}:calls`]);
        count += (await runScript(redis, prune, { runs: page }, { before })).count;
      }
    }
    return count;
  } catch (error) {
    throw StoreError.from("settled runs cannot be pruned", error);
  }
}

async function* pagesOfRuns(node: Redis, keys: ShardKeys): AsyncGenerator<string[]> {
  let cursor = "0";
  do {
    const [next, found] = await node.scan(cursor, "MATCH", keys.everyRun, "COUNT", PAGE_KEYS);
    // Ids are encoded: no run's own key ends like this.
    const runs = found.filter((key) => !key.endsWith(":calls"));
    if (runs.length > 0) yield runs;
    cursor = next;
  } while (cursor !== "0");
}
