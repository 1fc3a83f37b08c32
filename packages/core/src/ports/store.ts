import type { CallResult, PendingCall, SettledCall } from "../words/call-result.ts";
import type { ReopenedCall } from "../words/reopened-calls.ts";

/** Where a run stands. QUEUED, RUNNING and PARKED runs are live; the others are settled and never run again. */
export const RunStatus = {
  QUEUED: "QUEUED",
  RUNNING: "RUNNING",
  PARKED: "PARKED",
  SUCCEEDED: "SUCCEEDED",
  FAILED: "FAILED",
  CANCELLED: "CANCELLED",
} as const;
export type RunStatus = (typeof RunStatus)[keyof typeof RunStatus];
export type SettledStatus = "SUCCEEDED" | "FAILED" | "CANCELLED";

export function isSettledStatus(status: RunStatus): status is SettledStatus {
  return status === "SUCCEEDED" || status === "FAILED" || status === "CANCELLED";
}

/** A run as a client asks for it. `input` is the encoded, already parsed input; its digest is of what the caller gave. */
export interface NewRun {
  readonly runId: string;
  readonly action: string;
  readonly version: string;
  readonly queue: string;
  readonly input: Uint8Array;
  readonly inputDigest: string;
  /** Random, one per enqueue: lets a create that is sent twice answer `created` both times. */
  readonly requestId: string;
  /** How long the first attempt is to wait, for whoever adds the run's job anew. Default: not at all. */
  readonly delayMs?: number | undefined;
  /** The priority of the run's job, for whoever adds it anew. Default: none. */
  readonly priority?: number | undefined;
}

/**
 * `shard` is where the run is, from 0. `existing`: the same action and input digest are there already. `conflict`: the id belongs to another run.
 * `unacknowledged`: it may be there, and is not known to be as safe as the store was told to make it.
 */
export type CreateReply =
  | { readonly kind: "created"; readonly shard: number }
  | { readonly kind: "existing"; readonly shard: number }
  | { readonly kind: "unacknowledged" }
  | { readonly kind: "conflict"; readonly action: string; readonly inputDigest: string };

/** One delivery of a run's job to one processor. `nonce` is the processor's own; the rest is the queue's word. */
export interface Delivery {
  readonly runId: string;
  readonly action: string;
  readonly queue: string;
  /** Random, made anew by each processor call: at least 96 bits, printable ASCII, at most 32 characters. */
  readonly nonce: string;
  /** When the job was added, epoch milliseconds; compared for equality only. */
  readonly jobTimestamp: number;
  /** How often this job was handed out, this time included. */
  readonly attemptsStarted: number;
  /** How often the run's job was added anew. */
  readonly incarnation: number;
  /** Where the job was: only there is the run looked for. Default: wherever it may be. */
  readonly shard?: number | undefined;
}

/**
 * The verdict on a delivery. `settled`: the run has its outcome. `stale`: the run moved on from this delivery.
 * `foreign`: the run belongs to another queue or action. `missing`: there is no such run.
 */
export type ClaimReply =
  | { readonly kind: "claimed"; readonly claim: Claim; readonly run: ClaimedRun }
  | { readonly kind: "settled"; readonly outcome: RunOutcome }
  | { readonly kind: "stale" }
  | { readonly kind: "foreign"; readonly action: string; readonly queue: string }
  | { readonly kind: "missing" };

/** What an attempt starts from: the run and its journal, as they stood when it was claimed. */
export interface ClaimedRun {
  readonly runId: string;
  readonly action: string;
  readonly version: string;
  readonly generation: number;
  /** Attempts so far, this one included; for people, not for fencing. */
  readonly epoch: number;
  /** Epoch milliseconds by the store's clock. */
  readonly createdAt: number;
  readonly input: Uint8Array;
  /** Ascending by slot; there may be holes. */
  readonly calls: readonly CallResult[];
  /**
   * Why the journal cannot be read: somebody spoilt it, or a newer release wrote it. `calls` is then empty, and no attempt
   * may go on from that.
   */
  readonly unreadable?: Error;
  /** Calls that a person reopened; what is cleared from the journal is still on it. */
  readonly reopened: readonly ReopenedCall[];
  /** Bytes the journal's calls hold. */
  readonly journalBytes: number;
  /** How often divergence has cleared this journal. */
  readonly clears: number;
  /** Claims since the last write or orderly release, this one included: a run that only ever kills its worker counts up. */
  readonly suspect: number;
  /** How often in a row reconcilers could not say what happened, as the last attempt left it. */
  readonly unknownAsks: number;
}

export interface RunOutcome {
  readonly status: SettledStatus;
  /** SUCCEEDED: the encoded output. FAILED and CANCELLED: the encoded error. */
  readonly payload: Uint8Array;
  /** The slot whose error the run failed with, if one was found. */
  readonly failedSlot: number | undefined;
}

export interface Settlement extends RunOutcome {
  /** How long the settled run is kept, milliseconds. */
  readonly retentionMs: number;
}

/**
 * The right to write one run's journal, until a newer claim, a settlement or a release ends it. Writes take effect in the
 * order made and are never lost singly: either the claim is alive and everything written so far is acknowledged in
 * time, or the claim is lost and nothing after the loss has any effect.
 */
export interface Claim {
  readonly runId: string;
  readonly epoch: number;
  /** Marks a reconcilable call as started. */
  append(call: PendingCall): void;
  /** Puts an outcome in place of the PENDING mark. */
  finalize(call: SettledCall): void;
  /** Writes the outcome of a call that had no mark. */
  record(call: SettledCall): void;
  /** Drops every slot from `from` up to and including `to`, and counts the clear. */
  clear(from: number, to: number): void;
  /** Ends the run. Nothing may be written afterwards. */
  settle(settlement: Settlement): void;
  /** Hands the run back, QUEUED. Nothing may be written afterwards. */
  release(unknownAsks: number): void;
  /** True when the store has acknowledged everything written so far. */
  readonly isAcknowledged: boolean;
  /**
   * Resolves when the store has acknowledged everything written so far; rejects with `ClaimLostError` when the claim is
   * lost, or with the store's definite refusal. After one rejection every later call rejects alike.
   */
  acknowledged(): Promise<void>;
  /** Calls back when everything written so far is acknowledged; never when the claim is lost before. */
  onAcknowledged(listener: () => void): void;
  /** Calls back once, as soon as the claim is known to be lost or refused. At most one listener. */
  onLost(listener: (error: Error) => void): void;
}

/** A run as it stands, for people and for callers that wait. */
export interface RunSnapshot {
  readonly runId: string;
  /** Where it is, from 0. */
  readonly shard: number;
  readonly action: string;
  readonly version: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly generation: number;
  readonly incarnation: number;
  readonly epoch: number;
  /** The linearisation counter: rises once per applied group of writes and per claim. */
  readonly v: number;
  readonly createdAt: number;
  /** When the first attempt may begin, if it was to wait. */
  readonly notBefore: number | undefined;
  readonly priority: number | undefined;
  readonly settledAt: number | undefined;
  readonly input: Uint8Array;
  readonly outcome: RunOutcome | undefined;
  /** Ascending by slot; empty when not asked for. */
  readonly calls: readonly CallResult[];
  /** Calls that a person reopened. */
  readonly reopened: readonly ReopenedCall[];
}

/** A failed run that is to be live again, and what was decided about it; see `planReopen`. */
export interface Reopening {
  readonly runId: string;
  /** Random, one per decision to retry: lets a request that is sent twice, or late, answer `reopened` and do nothing more. */
  readonly requestId: string;
  /** The run's `v` when this was decided: it must still be that. */
  readonly v: number;
  /** The call that takes the place of the failed one; undefined for none. */
  readonly call: PendingCall | undefined;
  /** Replaces the run's list. */
  readonly reopened: readonly ReopenedCall[];
}

/** `moved`: the run is no longer FAILED, or not as it was read: read it again, and decide again. */
export type ReopenReply =
  | { readonly kind: "reopened" }
  | { readonly kind: "moved" }
  | { readonly kind: "missing" };

/** A live run as `rebuild` lists it: enough to add its job again. */
export interface LiveRun {
  readonly runId: string;
  /** Where it is, from 0. */
  readonly shard: number;
  readonly action: string;
  readonly version: string;
  readonly queue: string;
  /** An attempt has claimed it, and did not hand it back. */
  readonly isRunning: boolean;
  readonly incarnation: number;
  /** Epoch milliseconds by the store's clock. */
  readonly createdAt: number;
  /** When the first attempt may begin, by the same clock; undefined when it was not to wait. */
  readonly notBefore: number | undefined;
  readonly priority: number | undefined;
}

export interface ReadOptions {
  /** Default true. */
  readonly calls?: boolean;
  /** The only shard to look in. Default: wherever the run may be. */
  readonly shard?: number;
}

export interface RebuildOptions {
  /** Where the page begins. Default 0. */
  readonly offset?: number;
  /** Default 1000. */
  readonly limit?: number;
  /** Default: all shards. */
  readonly shard?: number;
}

/** The journal's home. MemoryStore is the specification; every store passes the same conformance suite. */
export interface ActionStateStore {
  /**
   * Creates a run, QUEUED, or says that it exists. The command is on its way when this returns, before the promise is
   * awaited: a job added next on the same connection arrives after its run. Refusals: the store's own errors.
   */
  create(run: NewRun): Promise<CreateReply>;
  /**
   * The same for many, in fewer commands. Never rejects: each run, in turn, has what `create` would resolve to or reject with, and
   * no run keeps another from being created. Where two have one id, the first of them is created.
   */
  createMany(runs: readonly NewRun[]): Promise<readonly PromiseSettledResult<CreateReply>[]>;
  /** Asks for the right to run a delivery. Asking again with the same nonce gives the same claim's epoch and journal. */
  claim(delivery: Delivery): Promise<ClaimReply>;
  /**
   * Makes a failed run QUEUED and live again, for good like a new one, with one call changed at most: generation + 1, its
   * outcome gone, its counts of clears and unknown outcomes back at zero. No delivery or claim of before passes.
   */
  reopen(reopening: Reopening): Promise<ReopenReply>;
  /**
   * Reads a run; undefined when there is none. `calls: false` leaves out the journal. What it rejects with has `isTransient`,
   * true, when the same question may be answered later.
   */
  read(runId: string, options?: ReadOptions): Promise<RunSnapshot | undefined>;
  /** Deletes runs settled before `before` (epoch milliseconds) ahead of their time; never a live one. Says how many. */
  prune(before: number): Promise<number>;
  /** Lists live runs, oldest first, page by page: what must have a job in a queue. Of one shard, or of all. */
  rebuild(options?: RebuildOptions): Promise<readonly LiveRun[]>;
  /** Writes what is queued, then lets go of what the store itself opened. */
  close(): Promise<void>;
}
