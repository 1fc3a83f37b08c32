import type { ClaimedRun, Delivery, RunOutcome, Settlement } from "./store.ts";

/** One write of a claim, as a store applies it. `bytes` is an encoded CallResult. */
export type JournalEntry =
  | {
      readonly op: "append" | "finalize" | "record";
      readonly slot: number;
      readonly bytes: Uint8Array;
    }
  | { readonly op: "clear"; readonly from: number; readonly to: number }
  | { readonly op: "settle"; readonly settlement: Settlement }
  | { readonly op: "release"; readonly unknownAsks: number };

/**
 * What one run contributes to a batch; applied whole or not at all. `n` counts a claim's groups from 1: a store that
 * has seen `n` answers `same`, one that misses a group before it answers `gap`.
 */
export type Group =
  | { readonly kind: "claim"; readonly delivery: Delivery }
  | {
      readonly kind: "write";
      readonly runId: string;
      readonly nonce: string;
      readonly n: number;
      readonly entries: readonly JournalEntry[];
    };

export type GroupReply =
  | { readonly word: "claimed"; readonly run: ClaimedRun }
  | { readonly word: "settled"; readonly outcome: RunOutcome }
  | { readonly word: "stale" }
  | { readonly word: "foreign"; readonly action: string; readonly queue: string }
  | { readonly word: "missing" }
  | { readonly word: "applied" }
  | { readonly word: "same" }
  | { readonly word: "fenced" }
  | { readonly word: "gap" }
  /**
   * There is no room: nothing of this group was done, and no copy of it is under way. Its entries may be sent again in other
   * groups, under numbers that were not used up.
   */
  | { readonly word: "full" }
  /** This run's group, and nothing else of the batch, was refused for good: what the store holds of it cannot be used. */
  | { readonly word: "refused"; readonly error: Error };

/**
 * Carries batches to where journals live. Several may be under way at once: of one run's writes a group at a time, and a claim
 * once those of older claims have their answer. It answers every group in order, and settles only on a definite answer: after
 * a lost reply it sends the identical batch again, which numbered groups make harmless. It rejects only when the batch was
 * definitely not applied and never will be. A batch of which no group needs room is never answered `full`.
 */
export interface CommitPort {
  send(batch: readonly Group[]): Promise<readonly GroupReply[]>;
}

/** What leads to new effects, claims and appends, waits while a store is full. What came of effects is always taken. */
export function needsRoom(group: Group): boolean {
  return group.kind === "claim" || group.entries.some(startsCall);
}

export function startsCall(entry: JournalEntry): boolean {
  return entry.op === "append";
}
