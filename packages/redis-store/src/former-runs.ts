import { mastersOf } from "./connection-facts.ts";
import { layoutKey, ShardKeys } from "./keys.ts";
import { allShards, countsOf, type Layout, readLayout } from "./layout.ts";
import { type RedisClient, runScript } from "./script.ts";
import { forget } from "./scripts.generated.ts";
import { shardOf } from "./shard-of.ts";
import { StoreError } from "./store-error.ts";

/** The live runs of one shard. */
export interface ShardRuns {
  readonly shard: number;
  readonly live: number;
  /** Those of them that only a former count leads to. */
  readonly formerLive: number;
}

const PAGE = 1000;

/**
 * Counts the live runs of each shard, as they are listed just now.
 *
 * @throws StoreError when Redis cannot say.
 */
export async function countLive(
  redis: RedisClient,
  namespace: string,
  layout: Layout,
): Promise<readonly ShardRuns[]> {
  const shards = allShards(layout);
  const hasGrown = countsOf(layout).length > 1;
  const counted: ShardRuns[] = [];
  try {
    for (let shard = 0; shard < shards; shard++) {
      const keys = new ShardKeys(namespace, shard);
      const live = await redis.zcard(keys.live);
      let formerLive = 0;
      const pages = hasGrown ? Math.ceil(live / PAGE) : 0;
      for (let page = 0; page < pages; page++) {
        const [from, to] = [page * PAGE, page * PAGE + PAGE - 1];
        const runIds = await redis.zrange(keys.live, `${from}`, `${to}`);
        formerLive += runIds.filter((runId) => shardOf(runId, shards) !== shard).length;
      }
      counted.push({ shard, live, formerLive });
    }
  } catch (error) {
    throw StoreError.from(`the live runs of namespace "${namespace}" cannot be counted`, error);
  }
  return counted;
}

/**
 * Counts the runs, live and settled, that only a former count leads to. It looks at every key of the server; its user needs
 * `+scan`.
 *
 * @throws StoreError when Redis cannot say.
 */
export async function countFormer(
  redis: RedisClient,
  namespace: string,
  layout: Layout,
): Promise<number> {
  const shards = allShards(layout);
  const former = new Set<string>();
  const keyOfRun = /^\{[^}]*:(?<shard>\d+)\}:run:(?<id>[^:]+)$/;
  try {
    for (const node of mastersOf(redis)) {
      let cursor = "0";
      do {
        const pattern = `{${namespace}:*}:run:*`;
        const [next, keys] = await node.scan(cursor, "MATCH", pattern, "COUNT", PAGE);
        for (const key of keys) {
          const [, shard, id] = keyOfRun.exec(key) ?? [];
          if (id !== undefined && shardOf(decodeURIComponent(id), shards) !== Number(shard)) {
            former.add(key);
          }
        }
        cursor = next;
      } while (cursor !== "0");
    }
  } catch (error) {
    throw StoreError.from(`the runs of namespace "${namespace}" cannot be counted`, error);
  }
  return former.size;
}

/**
 * Drops the former counts, so that nobody looks for runs by them any more, unless there is a run that only they lead to. No such
 * run can be added: its shard takes new runs by the count of today.
 *
 * @returns how many runs are in the way; 0 when the counts are dropped
 * @throws StoreError when Redis cannot say, or when the namespace grows right now.
 */
export async function forgetFormer(redis: RedisClient, namespace: string): Promise<number> {
  const layout = await readLayout(redis, namespace);
  if (layout === undefined || layout.former.length === 0) return 0;
  const what = `the former counts of namespace "${namespace}" were not dropped`;
  if (layout.target !== undefined) {
    throw new StoreError(
      `${what}: it is growing to ${layout.target} shards. Finish that first, with \`npx refrain shards --namespace ${namespace} --grow ${layout.target}\``,
    );
  }
  const left = await countFormer(redis, namespace, layout);
  if (left > 0) return left;
  const keys = { layout: layoutKey(namespace) };
  const former = layout.former.join(" ");
  const dropped = await runScript(redis, forget, keys, { former }).catch((error: unknown) => {
    throw StoreError.from(what, error);
  });
  if (dropped.tag === "moved") throw new StoreError(`${what}: it grew meanwhile; try again`);
  return 0;
}
