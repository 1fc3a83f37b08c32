import { type FailedCall, MAX_REOPENED, RefrainError, type RunStatus } from "@refrain/core";
import type { RunHandle } from "./run-handle.ts";

/** A run, or its job, could not be sent. Enqueue it again with the same runId: that never starts it twice. */
export class EnqueueError extends RefrainError {
  static {
    nameIt(this, "EnqueueError");
  }
  readonly code = "ENQUEUE";
  readonly runId: string;

  constructor(runId: string, message: string, options?: ErrorOptions) {
    super(`run ${runId} ${message}`, options);
    this.runId = runId;
  }
}

/** Which of the items of an `enqueueMany` did not become runs, and why. */
export interface EnqueueFailure {
  /** The item's place in the list, from 0. */
  readonly index: number;
  /** A RunConflictError, or an EnqueueError. */
  readonly error: Error;
}

/** Some runs of an `enqueueMany` were refused; all others are there. */
export class EnqueueManyError extends RefrainError {
  static {
    nameIt(this, "EnqueueManyError");
  }
  readonly code = "ENQUEUE_MANY";
  /** Handles of the runs that are there, in the order of their items. */
  readonly created: readonly RunHandle<unknown>[];
  readonly errors: readonly EnqueueFailure[];

  constructor(created: readonly RunHandle<unknown>[], errors: readonly EnqueueFailure[]) {
    const [first] = errors;
    const example = first === undefined ? "" : `; item ${first.index}: ${first.error.message}`;
    super(
      `${errors.length} of ${created.length + errors.length} runs were refused, the others are there${example}`,
      { cause: first?.error },
    );
    this.created = created;
    this.errors = errors;
  }
}

/** There is no run of this id: it never was, or it was settled and its retention is over. */
export class RunNotFoundError extends RefrainError {
  static {
    nameIt(this, "RunNotFoundError");
  }
  readonly code = "RUN_NOT_FOUND";

  constructor(runId: string) {
    super(
      `there is no run ${runId}: it was never enqueued in this namespace, or it was settled and its retention is over`,
    );
  }
}

/** Why a run is not retried. */
export type RetryRefusal =
  | { readonly kind: "not-failed" }
  | { readonly kind: "needs-force"; readonly call: FailedCall }
  | { readonly kind: "too-often"; readonly call: FailedCall };

/** The run is not retried: nothing was changed. */
export class RetryRefusedError extends RefrainError {
  static {
    nameIt(this, "RetryRefusedError");
  }
  readonly code = "RETRY_REFUSED";
  readonly runId: string;
  readonly status: RunStatus;
  /** `not-failed`: see `status`. `needs-force`: the failed call took effect, or may have. `too-often`: 255 times already. */
  readonly reason: RetryRefusal["kind"];

  constructor(run: { readonly runId: string; readonly status: RunStatus }, refusal: RetryRefusal) {
    super(`run ${run.runId} ${describeRefusal(run.status, refusal)}`);
    this.runId = run.runId;
    this.status = run.status;
    this.reason = refusal.kind;
  }
}

function describeRefusal(status: RunStatus, refusal: RetryRefusal): string {
  if (refusal.kind === "not-failed") {
    const advice = status === "SUCCEEDED" || status === "CANCELLED" ? OVER : LIVE;
    return `is ${status}: only a run that is FAILED can be retried. ${advice}`;
  }
  const { functionId, slot } = refusal.call;
  const where = `is not retried: slot ${slot}, ${functionId},`;
  if (refusal.kind === "too-often") {
    return `${where} was retried ${MAX_REOPENED} times already. Enqueue the work anew under another run id`;
  }
  return `${where} took effect, or may have: only its result could not be stored or read, and without a reconciler nobody can be asked. run.retry({ force: true }) runs it again`;
}

const OVER = "To do the work again, enqueue it under another run id";
const LIVE = "It is live already: wait for its result";

function nameIt(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, "name", {
    value: name,
    configurable: true,
    writable: true,
  });
}
