import type { Clock } from "@refrain/core";

/** What takes jobs of one queue from one shard. */
export interface Sharer {
  /** Jobs that it has. */
  readonly inHand: number;
  /** Jobs that it may have. */
  share: number;
}

/** Short enough for a shard that gets busy, and nothing beside the jobs of that time. */
const EVERY_MS = 100;

/**
 * Shares what a worker may have in hand of a queue out among its shards. Each by itself would take as many jobs as the worker
 * can run at all, and most of them would be handed back.
 */
export class ShardShares {
  readonly #clock: Clock;
  readonly #queues = new Map<string, { readonly total: number; readonly sharers: Sharer[] }>();
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param total of the queue, over all its shards */
  add(queue: string, total: number, sharer: Sharer): void {
    const sharers: Sharer[] = this.#queues.get(queue)?.sharers ?? [];
    sharers.push(sharer);
    this.#queues.set(queue, { total, sharers });
    for (const [index, each] of sharers.entries()) {
      each.share = evenShare(total, sharers.length, index);
    }
    if (sharers.length > 1 && this.#cancelTimer === undefined) this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancelTimer = this.#clock.timer(EVERY_MS, () => {
      for (const { total, sharers } of this.#queues.values()) {
        const shares = shareOut(total, sharers);
        for (const [index, sharer] of sharers.entries()) sharer.share = shares[index] ?? 1;
      }
      this.#schedule();
    });
  }
}

/**
 * What each may have from now on: who has all that he may gets an even part of what the others leave, and these keep what they
 * have, with room for one more. None is ever left without.
 */
export function shareOut(total: number, sharers: readonly Readonly<Sharer>[]): number[] {
  const isBusy = sharers.map(({ inHand, share }) => inHand >= share);
  const busy = isBusy.filter(Boolean).length;
  const spared = sharers.filter((_, index) => !isBusy[index]);
  const used = spared.reduce((sum, { inHand }) => sum + inHand, 0);
  if (busy === 0) {
    return sharers.map(
      ({ inHand }, index) => inHand + evenShare(total - used, sharers.length, index),
    );
  }
  const left = total - used - spared.length;
  let nth = 0;
  return sharers.map(({ inHand }, index) =>
    isBusy[index] ? evenShare(left, busy, nth++) : inHand + 1,
  );
}

function evenShare(total: number, count: number, nth: number): number {
  return Math.max(1, Math.floor(total / count) + (nth < total % count ? 1 : 0));
}
