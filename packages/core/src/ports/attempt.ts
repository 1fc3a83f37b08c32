import type { ClaimLostError } from "../words/errors.ts";
import type { SettledStatus } from "./store.ts";

/** How an attempt ended, for whoever delivered it. */
export type AttemptEnd =
  /** The run has its outcome; `status` says which. */
  | { readonly kind: "settled"; readonly status: SettledStatus }
  /** The run was handed back, orderly: deliver it again after `delayMs`. */
  | { readonly kind: "released"; readonly reason: ReleaseReason; readonly delayMs: number }
  /** Another attempt owns the run, or this one can no longer prove that it does. */
  | { readonly kind: "lost"; readonly error: ClaimLostError }
  /** The store refused a write for good, or the codec could not make one. Nothing of it was recorded as an outcome. */
  | { readonly kind: "broken"; readonly error: Error };

/**
 * `drain`: its worker closes. `outcome-unknown`: nobody can say yet what became of a call. `newer-release`: its journal is in
 * a format that this release does not know.
 */
export type ReleaseReason = "drain" | "outcome-unknown" | "newer-release";

/** One try at a run: from its claim to its end. */
export interface Attempt {
  readonly runId: string;
  readonly action: string;
  readonly epoch: number;
  /** Never rejects. */
  readonly done: Promise<AttemptEnd>;
  /** A fn or a reconciler of this attempt is running now. */
  readonly isExecuting: boolean;
  /** Some fn of a reconcilable call is running now: moving the run elsewhere would make this process a zombie. */
  readonly isExecutingReconcilable: boolean;
  /** Ends the attempt at once: its lock is lost, or a newer delivery took over. Nothing more is written. */
  abort(error: ClaimLostError): void;
  /**
   * Asks the attempt to hand its run back: no new fn or reconciler starts, those that run are waited for and recorded.
   * An action that ends meanwhile settles instead. Waits and back-offs are cut short.
   */
  release(): void;
  /** Fails the run with `error`, as if the action had thrown it: for a rejection nobody handled. */
  fail(error: unknown): void;
}

interface CallEvent {
  readonly slot: number;
  readonly functionId: string;
}

/** A call that a divergence is about: a clear takes it out of the journal. */
export interface DroppedCall extends CallEvent {
  readonly argsDigest: string;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED";
  readonly idempotencyKey: string;
}

/** What an attempt tells its surroundings. Events say what happened; they decide nothing. */
export type AttemptEvent =
  | ({ readonly type: "call-replayed" } & CallEvent)
  | ({
      readonly type: "call-reconciled";
      readonly verdict: "succeeded" | "failed" | "not-started";
    } & CallEvent)
  | ({
      readonly type: "outcome-unknown";
      readonly idempotencyKey: string;
      /** When the reconciler is asked next, milliseconds from now. */
      readonly retryInMs: number;
      readonly asks: number;
      readonly error: unknown;
    } & CallEvent)
  | {
      readonly type: "diverged";
      readonly slot: number;
      readonly expected: string;
      /** What the action asks for instead; undefined when it ended without asking. */
      readonly found: string | undefined;
      readonly dropped: readonly DroppedCall[];
      /**
       * What follows: the journal is cleared from the slot, or the run fails for this. `kept`: the action had thrown, so the
       * run fails with that error, and keeps its calls.
       */
      readonly verdict: "cleared" | "failed" | "kept";
      readonly clears: number;
    }
  | ({ readonly type: "handle-unused" } & Omit<CallEvent, "slot">)
  | { readonly type: "non-durable-wait" }
  | ({
      readonly type: "warning";
      readonly code: AttemptWarning;
      readonly message: string;
    } & Partial<CallEvent>);

export type AttemptWarning =
  /** A class instance in a value is stored as its own fields. */
  | "class-instance"
  /** Nothing awaited a call before the action ended: it was waited for and recorded, or had failed unseen. */
  | "call-not-awaited"
  /** A call that was started with a reconciler has none any more, and runs again. */
  | "reconciler-removed"
  /** A reconciler returned undefined although the call's result seems not to be void. */
  | "reconciler-returned-undefined"
  /** On replay a recorded call was not asked for in time; delivery went on without it. */
  | "order-not-restored";

export type AttemptObserver = (event: AttemptEvent) => void;
