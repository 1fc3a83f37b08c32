import type { CallIdentity } from "./call-identity.ts";

/**
 * The base of every error Refrain throws on purpose. Branch on `code`: it is a literal per class and never changes,
 * messages may. Bad options and bad arguments are plain `TypeError`s instead: they are mistakes to fix, not to handle.
 */
export abstract class RefrainError extends Error {
  abstract readonly code: string;
}

/** Throw it from a durable call or an action to fail at once: a TerminalError is never retried. */
export class TerminalError extends RefrainError {
  static {
    nameIt(this, "TerminalError");
  }
  readonly code = "TERMINAL";
}

export interface OutcomeUnknownOptions {
  /** Wait this long before the reconciler is asked (again), instead of the back-off. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * Throw it from a reconciler, or from fn of a reconcilable call, when what happened is not known yet: nothing is
 * recorded, and the reconciler is asked later. Without a reconciler it is an ordinary failure.
 *
 * @throws TypeError when `retryAfterMs` is not a finite number of milliseconds, zero or more.
 */
export class OutcomeUnknownError extends RefrainError {
  static {
    nameIt(this, "OutcomeUnknownError");
  }
  readonly code = "OUTCOME_UNKNOWN";
  declare readonly retryAfterMs?: number;

  constructor(options: OutcomeUnknownOptions = {}) {
    super("the outcome of this call is not known yet", causeOf(options));
    const { retryAfterMs } = options;
    if (retryAfterMs === undefined) return;
    if (!Number.isFinite(retryAfterMs) || retryAfterMs < 0) {
      throw new TypeError(`retryAfterMs must be zero or more milliseconds, not ${retryAfterMs}`);
    }
    this.retryAfterMs = retryAfterMs;
  }
}

/** A durable call, or a wait for a result, took longer than its `timeoutMs`. */
export class TimeoutError extends RefrainError {
  static {
    nameIt(this, "TimeoutError");
  }
  readonly code = "TIMEOUT";

  constructor(message = "timed out", options?: ErrorOptions) {
    super(message, options);
  }
}

export interface DivergenceDetails extends ErrorOptions {
  readonly slot?: number;
  /** What the journal holds at that slot. */
  readonly expected?: CallIdentity;
  /** What the action called instead. */
  readonly found?: CallIdentity;
}

/** The action no longer makes the calls its journal holds, and its `onDivergence` forbids dropping them. */
export class DivergenceError extends RefrainError {
  static {
    nameIt(this, "DivergenceError");
  }
  readonly code = "DIVERGENCE";
  declare readonly slot?: number;
  declare readonly expected?: CallIdentity;
  declare readonly found?: CallIdentity;

  constructor(message?: string, details: DivergenceDetails = {}) {
    super(message, causeOf(details));
    if (details.slot !== undefined) this.slot = details.slot;
    if (details.expected !== undefined) this.expected = details.expected;
    if (details.found !== undefined) this.found = details.found;
  }
}

/** A run of this id exists already, with another input or another action. */
export class RunConflictError extends RefrainError {
  static {
    nameIt(this, "RunConflictError");
  }
  readonly code = "RUN_CONFLICT";
}

/** A value could not be stored, or stored bytes could not be read. The message names the place inside the value. */
export class SerializationError extends RefrainError {
  static {
    nameIt(this, "SerializationError");
  }
  readonly code = "SERIALIZATION";
}

/** Stored bytes are in a format that a newer release may know: no damage, and nothing to be judged here. */
export class NewerFormatError extends SerializationError {
  static {
    nameIt(this, "NewerFormatError");
  }
}

/** Whether a format's version byte is one of a newer release. Versions count up and will not get far: beyond is damage. */
export function isNewerVersion(version: number | undefined, known: number): boolean {
  return version !== undefined && version > known && version < 32;
}

/** A limit on sizes or counts refused something before it ran: nothing has happened yet. */
export class LimitExceededError extends RefrainError {
  static {
    nameIt(this, "LimitExceededError");
  }
  readonly code = "LIMIT_EXCEEDED";
}

/** The run's attempts vanished too often, one after another, without any progress. */
export class PoisonRunError extends RefrainError {
  static {
    nameIt(this, "PoisonRunError");
  }
  readonly code = "POISON_RUN";
}

/** Something was used where or when it means nothing: a context after its action ended, `currentCall()` after an await. */
export class UsageError extends RefrainError {
  static {
    nameIt(this, "UsageError");
  }
  readonly code = "USAGE";
}

/**
 * Why an attempt lost its run: another claim took it (`fenced`), the store lost a suffix of its writes (`gap`), its
 * BullMQ lock lapsed (`lock`), or a newer delivery of the run reached this very process (`superseded`).
 */
export type ClaimLostReason = "fenced" | "gap" | "lock" | "superseded";

/** This attempt no longer owns its run: it ends without an outcome, and another attempt goes on. Never recorded. */
export class ClaimLostError extends RefrainError {
  static {
    nameIt(this, "ClaimLostError");
  }
  readonly code = "CLAIM_LOST";
  readonly reason: ClaimLostReason;

  constructor(reason: ClaimLostReason, message?: string, options?: ErrorOptions) {
    super(message ?? `the attempt lost its claim on the run (${reason})`, options);
    this.reason = reason;
  }
}

/**
 * Names live on the prototype, spelled out: an own field would come too late for the first line of `stack`, and
 * `new.target.name` would hand minified names to logs.
 */
function nameIt(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, "name", {
    value: name,
    configurable: true,
    writable: true,
  });
}

/** Keeps `cause` absent when it was not given: an own `cause: undefined` shows up in every log line. */
function causeOf(options: ErrorOptions): ErrorOptions | undefined {
  return "cause" in options ? { cause: options.cause } : undefined;
}
