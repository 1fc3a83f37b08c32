import { TerminalError } from "../words/errors.ts";
import { checkOptions } from "../words/options.ts";
import { hasCode, isInstance } from "../words/thrown.ts";

/** When and how often a failed try of fn is repeated. */
export interface RetryOptions {
  /** Tries in all, the first included. Default 3. */
  readonly attempts?: number;
  readonly backoff?: {
    /** Wait before the second try, milliseconds. Default 1,000. */
    readonly initialMs?: number;
    /** What each wait is multiplied with for the next. Default 2. */
    readonly factor?: number;
    /** Longest wait, milliseconds; at most 30,000, since a retry waits in place. Default 30,000. */
    readonly maxMs?: number;
    /** Takes a random part of 50 to 100 % of each wait. Default true. */
    readonly jitter?: boolean;
  };
  /** Errors for which no further try is made. `TerminalError` never gets one. */
  readonly nonRetryable?: (error: unknown) => boolean;
}

/** Longest wait inside an attempt; what has to wait longer hands the run back. */
export const MAX_WAIT_IN_PLACE_MS = 30_000;

export interface RetryPolicy {
  readonly attempts: number;
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: boolean;
  readonly nonRetryable: (error: unknown) => boolean;
}

const NO_RETRY: RetryPolicy = {
  attempts: 1,
  initialMs: 0,
  factor: 1,
  maxMs: 0,
  jitter: false,
  nonRetryable: noneIs,
};

function noneIs(): boolean {
  return false;
}

/** @throws TypeError that names the option which is wrong. */
export function retryPolicy(where: string, options: RetryOptions | undefined): RetryPolicy {
  if (options === undefined) return NO_RETRY;
  checkOptions(`${where}: retry`, options, ["attempts", "backoff", "nonRetryable"]);
  const { attempts = 3, backoff = {}, nonRetryable = noneIs } = options;
  checkOptions(`${where}: retry.backoff`, backoff, ["initialMs", "factor", "maxMs", "jitter"]);
  const { initialMs = 1000, factor = 2, maxMs = MAX_WAIT_IN_PLACE_MS, jitter = true } = backoff;
  check(
    where,
    "attempts",
    attempts,
    Number.isInteger(attempts) && attempts >= 1,
    "a whole number from 1",
  );
  check(
    where,
    "backoff.initialMs",
    initialMs,
    isWithin(initialMs, 0, MAX_WAIT_IN_PLACE_MS),
    waitRange,
  );
  check(where, "backoff.maxMs", maxMs, isWithin(maxMs, 0, MAX_WAIT_IN_PLACE_MS), waitRange);
  check(where, "backoff.factor", factor, isWithin(factor, 1, 1000), "a number from 1 to 1000");
  check(where, "backoff.jitter", jitter, typeof jitter === "boolean", "true or false");
  check(where, "nonRetryable", nonRetryable, typeof nonRetryable === "function", "a function");
  return { attempts, initialMs, factor, maxMs, jitter, nonRetryable };
}

const waitRange = `0 to ${MAX_WAIT_IN_PLACE_MS} milliseconds (a retry waits in place)`;

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function check(
  where: string,
  option: string,
  value: unknown,
  isGood: boolean,
  wanted: string,
): void {
  if (isGood) return;
  throw new TypeError(`${where}: retry.${option} must be ${wanted}, not ${String(value)}`);
}

/**
 * Milliseconds to wait before the next try, or undefined when there is none.
 *
 * @param tries how many tries have failed, this one included
 * @param random a number from 0 up to 1, for the jitter
 */
export function retryDelay(
  policy: RetryPolicy,
  tries: number,
  error: unknown,
  random: number,
): number | undefined {
  if (tries >= policy.attempts || isTerminal(error) || policy.nonRetryable(error)) return undefined;
  // Bounded, because after a thousand tries a factor is infinite, and zero times that is no number.
  const growth = Math.min(policy.factor ** (tries - 1), Number.MAX_VALUE);
  const delay = Math.min(policy.initialMs * growth, policy.maxMs);
  return policy.jitter ? delay * (0.5 + random / 2) : delay;
}

function isTerminal(error: unknown): boolean {
  return isInstance(error, TerminalError) || hasCode(error, "TERMINAL");
}

const UNKNOWN_INITIAL_MS = 1000;
const UNKNOWN_MAX_MS = 5 * 60 * 1000;

/**
 * Milliseconds until a reconciler is asked again: 1 s, doubled each time, up to 5 minutes. No limit on how often.
 *
 * @param asks how often in a row nobody could say what happened, this time included
 * @param retryAfterMs what the error asked for; overrides, unless somebody has made it something else than a wait
 */
export function unknownDelay(asks: number, retryAfterMs: unknown): number {
  if (typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) && retryAfterMs >= 0) {
    return retryAfterMs;
  }
  return Math.min(UNKNOWN_INITIAL_MS * 2 ** Math.min(asks - 1, 30), UNKNOWN_MAX_MS);
}
