import { checkOptions } from "@refrain/core";
import { checkRunId } from "./job-id.ts";

export interface EnqueueOptions {
  /** Names the run; enqueueing the same input under it again gives the same run. Default: a random UUID. */
  readonly runId?: string | undefined;
  /** Wait at least this long before the run's first attempt. */
  readonly delayMs?: number;
  /** 1 (first) to 2,097,151 (last). Runs without a priority go before all that have one. */
  readonly priority?: number;
}

const MAX_PRIORITY = 2_097_151;
/** BullMQ packs delays into the low bits of a score: longer ones would overflow it. */
const MAX_DELAY_MS = 100 * 365 * 24 * 60 * 60 * 1000;
const KEYS = ["runId", "delayMs", "priority"];

/** @throws TypeError that names the option which is wrong, and `where` it stands. */
export function checkEnqueueOptions(
  where: string,
  options: EnqueueOptions,
  furtherKeys: readonly string[] = [],
): void {
  checkOptions(where, options, [...furtherKeys, ...KEYS]);
  const { runId, delayMs, priority } = options;
  if (runId !== undefined) checkRunId(runId);
  checkWhole(`${where}: delayMs`, delayMs, 0, MAX_DELAY_MS);
  checkWhole(`${where}: priority`, priority, 1, MAX_PRIORITY);
}

function checkWhole(what: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`${what} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}
