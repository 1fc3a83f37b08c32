import type { LiveRun } from "@refrain/core";
import { numberOf } from "./decode-run.ts";
import type { ShardKeys } from "./keys.ts";
import { type RedisClient, runScript } from "./script.ts";
import { list } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

/** An entry of a shard's `live`. */
interface LiveId {
  readonly runId: string;
  readonly createdAt: number;
  readonly keys: ShardKeys;
}

/** A page of the live runs of all shards, oldest first. */
export async function listLive(
  redis: RedisClient,
  shards: readonly ShardKeys[],
  offset: number,
  limit: number,
): Promise<readonly LiveRun[]> {
  try {
    const ids = await pageOfIds(redis, shards, offset, limit);
    const runs = new Map<string, LiveRun>();
    for (const keys of shards) {
      const own = ids.filter((id) => id.keys === keys).map((id) => id.runId);
      for (const run of await describe(redis, keys, own)) runs.set(run.runId, run);
    }
    return ids.flatMap(({ runId }) => runs.get(runId) ?? []);
  } catch (error) {
    throw StoreError.from("live runs cannot be listed", error);
  }
}

/** Where there are several shards, each may hold the whole page, or all that comes before it. */
async function pageOfIds(
  redis: RedisClient,
  shards: readonly ShardKeys[],
  offset: number,
  limit: number,
): Promise<LiveId[]> {
  if (limit <= 0) return [];
  const from = shards.length === 1 ? offset : 0;
  const ids: LiveId[] = [];
  for (const keys of shards) {
    const to = offset + limit - 1;
    const flat = await redis.zrange(keys.live, `${from}`, `${to}`, "WITHSCORES");
    for (let i = 0; i < flat.length; i += 2) {
      ids.push({ runId: flat[i] ?? "", createdAt: Number(flat[i + 1]), keys });
    }
  }
  if (shards.length > 1) ids.sort((a, b) => a.createdAt - b.createdAt);
  return ids.slice(offset - from, offset - from + limit);
}

async function describe(
  redis: RedisClient,
  keys: ShardKeys,
  runIds: readonly string[],
): Promise<LiveRun[]> {
  if (runIds.length === 0) return [];
  const runs = runIds.map((runId) => keys.of(runId).run);
  const page = await runScript(redis, list, { live: keys.live, runs }, { runIds });
  const fields = page.runs.map(String);
  const live: LiveRun[] = [];
  for (let i = 0; i < fields.length; i += FIELDS)
    live.push(liveRun(keys.shard, fields.slice(i, i + FIELDS)));
  return live;
}

const FIELDS = 9;

function liveRun(shard: number, fields: readonly string[]): LiveRun {
  const [runId = "", action = "", version = "", queue = "", status = "", ...numbers] = fields;
  const [incarnation = "", createdAt = "", notBefore = "", priority = ""] = numbers;
  return {
    runId,
    shard,
    action,
    version,
    queue,
    isRunning: status === "RUNNING",
    incarnation: Number(incarnation),
    createdAt: Number(createdAt),
    notBefore: numberOf(notBefore),
    priority: numberOf(priority),
  };
}
