import type { Clock } from "@refrain/core";
import { DelayedError, type Job, WaitingError } from "bullmq";
import { within } from "./drain.ts";
import { TOLERATED_LEAD_MS } from "./server-clock.ts";

/** Of the worker, and of the delivery that is to be given back. */
export interface Circumstances {
  readonly options: {
    readonly clock: Clock;
    /** How far this machine's clock is ahead of Redis's; see `ServerClock`. */
    readonly leadMs: () => Promise<number>;
    readonly isClosing: () => boolean;
  };
  readonly inHand: { readonly whenReleased: () => Promise<void> };
}

/** The longest delay that a worker with a wrong clock sits out itself. */
const LONGEST_HERE_MS = 10_000;

/**
 * Gives a job back for a while, and returns what says so to BullMQ, to be thrown.
 *
 * BullMQ counts delays by its workers' clocks, from the moment that one of them shows to a moment that another one may be far
 * from. So a worker whose clock is wrong keeps the job for a short delay, and then puts it back to the front of its queue. A
 * long delay ends late by as much as the clock is wrong, and never early by Redis's.
 */
export async function postpone(
  job: Job,
  token: string,
  delayMs: number,
  { options, inHand }: Circumstances,
): Promise<DelayedError | WaitingError> {
  const { clock, isClosing } = options;
  const leadMs = await options.leadMs();
  const isSkewed = Math.abs(leadMs) > TOLERATED_LEAD_MS;
  if (isSkewed && delayMs <= LONGEST_HERE_MS && !isClosing()) {
    const isCutShort = await within(delayMs, inHand.whenReleased(), clock);
    if (!isCutShort) {
      await job.moveToWait(token);
      return new WaitingError();
    }
  }
  const behindMs = isSkewed ? Math.max(0, -leadMs) : 0;
  await job.moveToDelayed(Date.now() + Math.ceil(behindMs) + delayMs, token);
  return new DelayedError();
}
