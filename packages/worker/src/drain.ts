import type { Clock } from "@refrain/core";
import type { DeliveriesInHand } from "./delivery-in-hand.ts";

export interface DrainOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly inHand: DeliveriesInHand;
}

/**
 * Empties the hands of a worker that closes, within `timeoutMs`. Runs are handed back at their next boundary, between two
 * calls: what is recorded is not done again elsewhere. A fn or a reconciler that runs is waited for, and recorded. What only waits
 * for Redis, or for room in it, is left to the next worker after a while. What even in the end still executes is left to itself; another attempt takes over, and for a reconcilable call not before this process
 * had time to finish it.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { timeoutMs, clock, inHand } = options;
  const empty = inHand.whenEmpty();
  const lastMs = Math.min(LAST_WORDS_MS, timeoutMs / 4);
  inHand.releaseAll();
  const answerMs = Math.min(ANSWER_WITHIN_MS, timeoutMs - lastMs);
  if (await within(answerMs, empty, clock)) return;
  inHand.stopWaitingAll();
  if (await within(timeoutMs - lastMs - answerMs, empty, clock)) return;
  inHand.cutOffAll();
  await within(lastMs, empty, clock);
}

/** How long Redis may take for the claims and releases that a worker which closes still wants from it. */
const ANSWER_WITHIN_MS = 2000;

/** Kept back for telling BullMQ about what was cut off. */
const LAST_WORDS_MS = 1000;

/** Whether `promise` is done in time; a rejection counts as done. */
export async function within(
  ms: number,
  promise: Promise<unknown>,
  clock: Clock,
): Promise<boolean> {
  const undo: (() => void)[] = [];
  const late = new Promise<boolean>((resolve) => {
    undo.push(clock.timer(ms, () => resolve(false)));
  });
  const inTime = Promise.allSettled([promise]).then(() => true);
  const isInTime = await Promise.race([inTime, late]);
  for (const cancel of undo) cancel();
  return isInTime;
}
