import { type KnownLayout, StoreError } from "@refrain/redis-store";

/**
 * The shards that a worker takes runs from, as the namespace is laid out now.
 *
 * @throws StoreError when it is to take runs from a shard that there is not, or another release laid the namespace out.
 */
export async function shardsToConsume(
  layout: KnownLayout,
  chosen: readonly number[] | undefined,
): Promise<readonly number[]> {
  await layout.refresh().catch((error: unknown) => {
    // What was known before is right for the runs that were there then.
    if (!(error instanceof StoreError && error.isTransient)) throw error;
  });
  if (chosen === undefined) return layout.shards;
  const missing = chosen.filter((shard) => !layout.shards.includes(shard));
  if (missing.length === 0) return chosen;
  throw new StoreError(
    `consumeShards names ${missing.join(", ")}, and the namespace has ${layout.shards.length} shards, numbered from 0: name shards that there are, or leave consumeShards out to take runs from all`,
  );
}
