import type { KnownLayout } from "./known-layout.ts";

/**
 * Asks the shards a run may be in, one after the other, until one has it. Where none has, others may have let the namespace grow
 * and created the run in a new shard: only then is the layout asked for.
 *
 * @param ask resolves to undefined when the shard does not have the run
 * @throws what `ask` throws; StoreError when the layout cannot be read.
 */
export async function findRun<T>(
  runId: string,
  layout: KnownLayout,
  ask: (shard: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const asked = new Set<number>();
  let isFresh = false;
  for (;;) {
    const shard = layout.shardsOf(runId).find((each) => !asked.has(each));
    if (shard !== undefined) {
      asked.add(shard);
      const found = await ask(shard);
      if (found !== undefined) return found;
    } else if (isFresh) {
      return undefined;
    } else {
      await layout.refresh();
      isFresh = true;
    }
  }
}
