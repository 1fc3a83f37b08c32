import { allShards, countsOf, type Layout } from "./layout.ts";
import { shardOf } from "./shard-of.ts";

/** Where a run may be created. */
export interface Placement {
  readonly shard: number;
  /** By which number of shards it is placed there: the shard must take new runs by that. */
  readonly count: number;
  /** The same as the shard's key has it: empty for the first number. Of a former count, what no shard's key says: the run is only looked for. */
  readonly key: string;
}

/**
 * Where a run is created, if it is nowhere yet: in the first of these places whose shard still takes new runs by that count. A count stands for all
 * earlier ones that give the same shard, except while a growth is under way: then shards are told of it one after the other.
 */
export function placementsOf(runId: string, layout: Layout): readonly Placement[] {
  const placements: Placement[] = [];
  for (const count of countsOf(layout)) {
    const shard = shardOf(runId, count);
    const last = placements.at(-1);
    if (last?.shard === shard && count !== layout.target) placements.pop();
    placements.push({ shard, count, key: countKeyOf(count, layout) });
  }
  return placements;
}

/** The shards a run may be in, the newest count's first: it is in one of them at most. */
export function shardsOf(runId: string, layout: Layout): readonly number[] {
  if (layout.former.length === 0 && layout.target === undefined) {
    return [shardOf(runId, layout.shards)];
  }
  const shards = countsOf(layout).map((count) => shardOf(runId, count));
  return [...new Set(shards.toReversed())];
}

/** When the layout calls a count former, every shard was told of a later one: who says otherwise has lost that. */
const LOOK_ONLY = "former";

/** What stands in a shard's key when it takes new runs by this count. */
function countKeyOf(count: number, { first, former, shards }: Layout): string {
  if (former.includes(count)) return LOOK_ONLY;
  return count === (first ?? shards) ? "" : String(count);
}

/** The number that a shard's key stands for. */
export function countIn(key: string, { first, shards }: Layout): number {
  return key === "" ? (first ?? shards) : Number(key);
}

/** The numbers of all shards. */
export function shardNumbers(layout: Layout): readonly number[] {
  return Array.from({ length: allShards(layout) }, (_, shard) => shard);
}
