import { OutcomeUnknownError, TimeoutError } from "../words/errors.ts";
import { isNotStarted } from "../words/not-started.ts";
import { hasCode, isInstance, normaliseThrown, readSafely } from "../words/thrown.ts";
import { type RetryPolicy, retryDelay, unknownDelay } from "./retry-policy.ts";

/** Who is asked for a call's outcome: fn makes it happen, the reconciler finds out what happened. */
export type Step = "fn" | "reconciler";

/** How a step ended. */
export type StepResult =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "timed-out"; readonly timeoutMs: number };

/** What to do with a call after a step. */
export type NextStep =
  | { readonly kind: "succeed"; readonly value: unknown }
  | { readonly kind: "fail"; readonly error: unknown }
  /** The reconciler vouches that nothing happened: run fn now. */
  | { readonly kind: "run" }
  /** Run fn again after a wait. */
  | { readonly kind: "retry"; readonly delayMs: number }
  /** Nobody knows what happened: ask the reconciler after a wait. Nothing is recorded meanwhile. */
  | { readonly kind: "ask"; readonly delayMs: number; readonly error: unknown };

/** What the decision needs to know of the call. */
export interface StepContext {
  readonly functionId: string;
  readonly isReconcilable: boolean;
  /** A try of fn that timed out has not ended yet, in this process. */
  readonly isStillRunning: boolean;
  readonly retry: RetryPolicy;
  /** Failed tries of fn, this one included if it failed. */
  readonly tries: number;
  /** How often in a row the outcome stayed unknown, this time included if it did. */
  readonly asks: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** Decides what follows from a step; pure. */
export function nextStep(step: Step, result: StepResult, context: StepContext): NextStep {
  if (result.kind === "returned") {
    if (step === "fn" || !isNotStarted(result.value)) {
      return { kind: "succeed", value: result.value };
    }
    // It looked before the effect came, and that may still come.
    return context.isStillRunning ? askAgain(stillRunning(context), context) : { kind: "run" };
  }
  const error =
    result.kind === "threw" ? result.error : timeoutError(step, result.timeoutMs, context);
  if (context.isReconcilable && isUnknown(result, error)) {
    return askAgain(error, context);
  }
  return step === "reconciler" ? { kind: "fail", error } : afterFailure(error, context);
}

function isUnknown(result: StepResult, error: unknown): error is object {
  return (
    result.kind === "timed-out" ||
    isInstance(error, OutcomeUnknownError) ||
    hasCode(error, "OUTCOME_UNKNOWN")
  );
}

function askAgain(error: object, { asks }: StepContext): NextStep {
  return { kind: "ask", delayMs: unknownDelay(asks, readSafely(error, "retryAfterMs")), error };
}

function afterFailure(error: unknown, context: StepContext): NextStep {
  const { functionId, retry, tries, random } = context;
  try {
    const delayMs = retryDelay(retry, tries, error, random);
    return delayMs === undefined ? { kind: "fail", error } : { kind: "retry", delayMs };
  } catch (flaw) {
    // Whether another try is safe is not known then, so there is none.
    const message = `${functionId} failed, and its retry.nonRetryable threw: ${normaliseThrown(flaw).message}`;
    return { kind: "fail", error: new TypeError(message, { cause: error }) };
  }
}

function stillRunning({ functionId }: StepContext): TimeoutError {
  return new TimeoutError(
    `${functionId} took too long and has not ended yet: that it was not started is believed only when it has. It should end when its signal aborts`,
  );
}

function timeoutError(step: Step, timeoutMs: number, context: StepContext): TimeoutError {
  const what = step === "fn" ? context.functionId : `the reconciler of ${context.functionId}`;
  return new TimeoutError(`${what} took longer than ${timeoutMs} ms`);
}
