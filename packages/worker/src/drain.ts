import type { Clock } from "@refrain/core";
import type { DeliveriesInHand } from "./delivery-in-hand.ts";

export interface DrainOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly inHand: DeliveriesInHand;
}

/**
 * Waits for the deliveries in hand, within `timeoutMs`. For the first half they go on: short runs finish. Then runs are
 * handed back at their next boundary, between two calls. What even then executes is left to itself in the end; another attempt
 * takes over, and for a reconcilable call not before this process had time to finish it.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { timeoutMs, clock, inHand } = options;
  const empty = inHand.whenEmpty();
  const lastMs = Math.min(LAST_WORDS_MS, timeoutMs / 4);
  if (await within(timeoutMs / 2, empty, clock)) return;
  inHand.releaseAll();
  if (await within(timeoutMs / 2 - lastMs, empty, clock)) return;
  inHand.cutOffAll();
  await within(lastMs, empty, clock);
}

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
