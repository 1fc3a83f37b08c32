import type { AttemptEvent, ClaimLostReason, ReleaseReason, SettledStatus } from "@refrain/core";

/** What every event tells. */
export interface RunEvent {
  readonly runId: string;
  readonly action: string;
}

export interface AttemptRunEvent extends RunEvent {
  /** Which attempt of the run, from 1. */
  readonly attempt: number;
}

export interface AttemptStartedEvent extends AttemptRunEvent {
  readonly queue: string;
  /** Calls that earlier attempts left in the journal. */
  readonly recordedCalls: number;
}

/** What the attempt itself says of it. */
type Told<T extends AttemptEvent["type"]> = Omit<
  Extract<AttemptEvent, { readonly type: T }>,
  "type"
>;

export interface CallReplayedEvent extends AttemptRunEvent, Told<"call-replayed"> {}
export interface CallReconciledEvent extends AttemptRunEvent, Told<"call-reconciled"> {}
export interface OutcomeUnknownEvent extends AttemptRunEvent, Told<"outcome-unknown"> {}
export interface DivergedEvent extends AttemptRunEvent, Told<"diverged"> {}
export interface HandleUnusedEvent extends AttemptRunEvent, Told<"handle-unused"> {}

/**
 * Why an attempt ended without an outcome: it lost its claim, the store refused a write for good (`refused`), or its worker
 * closed and could not wait for it (`closed`).
 */
export type FencedReason = ClaimLostReason | "refused" | "closed";

export interface FencedEvent extends AttemptRunEvent {
  readonly reason: FencedReason;
  readonly error: Error;
}

export interface ReleasedEvent extends AttemptRunEvent {
  readonly reason: ReleaseReason;
  /** The next attempt begins after this. */
  readonly delayMs: number;
}

export interface SettledEvent extends AttemptRunEvent {
  readonly status: SettledStatus;
}

export interface RescuedEvent extends RunEvent {
  /** What had become of its job. */
  readonly job: "absent" | "completed" | "failed";
}

/** What a worker tells while it works. Events are hints for logs, metrics and tests: a crash swallows them. */
export interface WorkerEvents {
  /** An attempt at a run begins. */
  readonly "attempt-started": AttemptStartedEvent;
  /** A call was answered from the journal. */
  readonly "call-replayed": CallReplayedEvent;
  /** A reconciler said what became of a call. */
  readonly "call-reconciled": CallReconciledEvent;
  /** Nobody can say yet what became of a call; the reconciler is asked later. */
  readonly "outcome-unknown": OutcomeUnknownEvent;
  /** The action made another call than its journal holds. */
  readonly diverged: DivergedEvent;
  /** An attempt no longer owns its run and ended without an outcome; another one goes on. */
  readonly fenced: FencedEvent;
  /** An attempt handed its run back. */
  readonly released: ReleasedEvent;
  /** An attempt gave its run its outcome. */
  readonly settled: SettledEvent;
  /** A run was not settled and had no job that would be delivered; it has one again. */
  readonly rescued: RescuedEvent;
  /** The action ended without ever awaiting a handle of `durableExecuteAsync`. */
  readonly "handle-unused": HandleUnusedEvent;
  /** The action waited for something that is no durable call; told once per action. */
  readonly "non-durable-wait": AttemptRunEvent;
}

export type WorkerEvent = keyof WorkerEvents;

type Listener = (event: never) => void;

/** Hands events to listeners. What a listener throws reaches nobody but `onError`. */
export class WorkerEmitter {
  readonly #listeners = new Map<WorkerEvent, Listener[]>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  on<E extends WorkerEvent>(event: E, listener: (event: WorkerEvents[E]) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** Whether anybody listens: an event nobody wants need not be put together. */
  hasListeners(event: WorkerEvent): boolean {
    return this.#listeners.has(event);
  }

  emit<E extends WorkerEvent>(event: E, payload: WorkerEvents[E]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return;
    for (const listener of listeners as ((event: WorkerEvents[E]) => void)[]) {
      try {
        listener(payload);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
