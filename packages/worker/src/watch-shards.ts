import type { Clock } from "@refrain/core";

export interface WatchShardsOptions {
  /** The numbers of the shards to take runs from, as they are now. */
  readonly shards: () => Promise<readonly number[]>;
  /** Those that are taken care of already. */
  readonly known: readonly number[];
  readonly everyMs: number;
  readonly clock: Clock;
  /** Called with each shard that is added: once, and with the next look again where it rejects. */
  readonly onAdded: (shard: number) => Promise<void>;
  /** The layout could not be looked at, or `onAdded` rejected: told once, until a look succeeds. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Looks now and then whether the namespace has grown.
 *
 * @returns ends that
 */
export function watchShards(options: WatchShardsOptions): () => void {
  const { shards, everyMs, clock, onAdded, onTrouble } = options;
  const known = new Set(options.known);
  let isStopped = false;
  let isInTrouble = false;
  let cancel: (() => void) | undefined;
  const look = async (): Promise<void> => {
    try {
      for (const shard of await shards()) {
        if (isStopped || known.has(shard)) continue;
        await onAdded(shard);
        known.add(shard);
      }
      isInTrouble = false;
    } catch (error) {
      if (!isInTrouble) onTrouble(error);
      isInTrouble = true;
    }
    schedule();
  };
  const schedule = (): void => {
    if (isStopped) return;
    cancel = clock.timer(everyMs * (0.75 + Math.random() / 2), () => void look());
  };
  schedule();
  return () => {
    isStopped = true;
    cancel?.();
  };
}
