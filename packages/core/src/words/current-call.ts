import { UsageError } from "./errors.ts";

/** What a durable call's fn, `call` or reconciler can know of the call it serves. */
export interface CallInfo {
  readonly runId: string;
  readonly slot: number;
  readonly functionId: string;
  /** Which attempt of the run this is, from 1. */
  readonly attempt: number;
  /**
   * 32 hex characters, the same on every attempt, try and delivery of this call, whatever was lost. Hand it to the outside
   * world: it still protects when Redis loses its last second.
   */
  readonly idempotencyKey: string;
  /** Aborts when the attempt ends, the call times out or nothing waits for its outcome any more. */
  readonly signal: AbortSignal;
}

/** A call that can say what it is; put together only when somebody asks. */
export interface Informant {
  readonly info: CallInfo;
}

let current: Informant | undefined;

/**
 * The durable call that is being started. Valid in fn, `call` and the reconciler until their first `await`: read what
 * you need at the top.
 *
 * @throws UsageError anywhere else.
 */
export function currentCall(): CallInfo {
  if (current !== undefined) return current.info;
  throw new UsageError(
    "currentCall() is valid only inside a durable call, before its first await: read what you need at the top of the function, e.g. const { idempotencyKey, signal } = currentCall()",
  );
}

/** The call whose synchronous part runs now, if any. */
export function callBeingStarted(): CallInfo | undefined {
  return current?.info;
}

/** Runs the synchronous part of `start` with `currentCall()` answering what `call` is. */
export function withCurrentCall<T>(call: Informant, start: (call: Informant) => T): T {
  const outer = current;
  current = call;
  try {
    return start(call);
  } finally {
    current = outer;
  }
}
