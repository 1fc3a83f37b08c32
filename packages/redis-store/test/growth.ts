import type { NewRun } from "@refrain/core";
import { RedisStore, ShardKeys, shardOf } from "../src/index.ts";
import { newRun, type StoreBench } from "./store-bench.ts";

/** A run for each way in which 1, 2 and 4 shards place one: (0, 0, 0), (0, 0, 2), (0, 1, 1) and so on. */
export function runsOfEveryWay(prefix = "order"): readonly NewRun[] {
  const ways = new Map<string, NewRun>();
  for (let n = 0; ways.size < 6; n++) {
    const run = newRun({ runId: `${prefix}-${n}` });
    const way = [1, 2, 4].map((count) => shardOf(run.runId, count)).join();
    if (!ways.has(way)) ways.set(way, run);
  }
  return [...ways.values()];
}

/** In which shards a run of this id is. */
export async function placesOf(
  { redis, namespace }: StoreBench,
  { runId }: NewRun,
): Promise<number[]> {
  const shards = [0, 1, 2, 3, 4, 5, 6, 7];
  const keys = shards.map((shard) => new ShardKeys(namespace, shard).of(runId).run);
  const there = await Promise.all(keys.map((key) => redis.exists(key)));
  return shards.filter((shard) => there[shard] === 1);
}

/** A process of its own, which knows the layout as it is now. */
export async function anotherStore({ redis, namespace }: StoreBench): Promise<RedisStore> {
  const store = new RedisStore({ redis, namespace });
  await store.ready();
  return store;
}

/** A run that one shard and four place differently: it belongs to the last. */
export function runOfLastShard(): NewRun {
  const run = runsOfEveryWay().find(({ runId }) => shardOf(runId, 4) === 3);
  if (run === undefined) throw new Error("no run is placed there");
  return run;
}
