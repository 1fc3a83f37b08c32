import type { DurablePromise } from "../ports/durable-promise.ts";
import type { Seen } from "./outcomes.ts";

/** The promise of a call, and the means to settle it. */
export type Settlers = ReturnType<typeof DurablePromise.withResolvers<unknown>>;

/** Hands an outcome to whoever awaits the call; whether that is a failure. */
export function handOut(outcome: Seen, { promise, resolve, reject }: Settlers): boolean {
  const hasFailed = "error" in outcome;
  if (hasFailed) {
    promise.markHandled();
    reject(outcome.error);
  } else {
    resolve(outcome.value);
  }
  return hasFailed;
}
