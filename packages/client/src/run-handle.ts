import {
  type ActionStateStore,
  type Clock,
  type Codec,
  checkOptions,
  type ErrorClasses,
  placeInRun,
  type RunSnapshot,
  type RunStatus,
  reviveError,
  type CallResult as StoredCall,
} from "@refrain/core";
import type { Queue } from "bullmq";
import { awaitOutcome } from "./await-outcome.ts";
import { RunNotFoundError } from "./errors.ts";
import type { JobData } from "./job.ts";
import { retryRun } from "./retry-run.ts";
import type { SettledHints } from "./settled-hints.ts";

export interface ResultOptions {
  /** Give up waiting after this long; the run goes on. Default: wait for ever. */
  readonly timeoutMs?: number;
  /** Gives up waiting when it aborts; the run goes on. */
  readonly signal?: AbortSignal;
}

export interface RunRetryOptions {
  /** Runs a call without a reconciler again although it took effect, for its result could not be stored. Default false. */
  readonly force?: boolean;
}

/** One durable call of a run, as its journal holds it. */
export interface CallResult {
  readonly slot: number;
  readonly functionId: string;
  readonly argsDigest: string;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED";
}

/** A run and its calls at one moment. A run that succeeded keeps no calls. */
export interface ActionState {
  readonly runId: string;
  readonly status: RunStatus;
  readonly callResults: readonly CallResult[];
}

/** A run that was enqueued, to wait for and to look at. */
export interface RunHandle<Output> {
  readonly runId: string;
  /** False when the run was there already, and for handles of `client.run`. */
  readonly created: boolean;
  /**
   * Waits until the run is settled and gives what its action returned; rejects with the error the run failed with, which is
   * an instance of its class where that is registered in `errors` of the action or the client.
   *
   * While Redis says that it cannot be read now (it loads its files, is busy, fails over), it waits on.
   *
   * @throws TimeoutError when `timeoutMs` passes first, RunNotFoundError when there is no such run, StoreError when Redis refuses.
   */
  result(options?: ResultOptions): Promise<Output>;
  /**
   * Makes a failed run go on: the call it failed with is tried once more, every other keeps its outcome. A call that had a
   * reconciler is asked about first; one that had none runs again; either runs under a new idempotency key. A run that its
   * action, a divergence or a limit failed goes on from what it recorded. `result()` waits for the new outcome from then on.
   *
   * What the action did after the failure stays done: do not retry a run whose action made up for the call that failed.
   *
   * @throws RetryRefusedError unless the run is FAILED; and when the call took effect, or may have, so that running it again takes
   *   `force`. Nothing is changed then.
   * @throws RunNotFoundError when there is no such run, EnqueueError when the run is live again but its job could not be added.
   */
  retry(options?: RunRetryOptions): Promise<void>;
  /** @throws RunNotFoundError when there is no such run. */
  status(): Promise<RunStatus>;
  /** @throws RunNotFoundError when there is no such run. */
  state(): Promise<ActionState>;
}

export interface RunHandleParts {
  readonly store: ActionStateStore;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly hints: SettledHints | undefined;
  readonly errors: ErrorClasses;
  /** The queue a run's job goes to. */
  readonly queueOf: (run: RunSnapshot) => Promise<Queue<JobData>>;
  /** Resolves when the store can be asked; rejects soon when it cannot. */
  readonly reach: () => Promise<void>;
  /** The same, when it is to be written to. */
  readonly reachToWrite: () => Promise<void>;
}

export function runHandle(
  runId: string,
  isCreated: boolean,
  parts: RunHandleParts,
): RunHandle<unknown> {
  return {
    runId,
    created: isCreated,
    result: (options = {}) => resultOf(runId, options, parts),
    retry: (options = {}) => retry(runId, options, parts),
    status: async () => (await read(runId, false, parts)).status,
    state: async () => {
      const { status, calls } = await read(runId, true, parts);
      return { runId, status, callResults: calls.map(callResultOf) };
    },
  };
}

async function read(
  runId: string,
  calls: boolean,
  { store, reach }: RunHandleParts,
): Promise<RunSnapshot> {
  await reach();
  const run = await store.read(runId, { calls });
  if (run === undefined) throw new RunNotFoundError(runId);
  return run;
}

async function retry(
  runId: string,
  options: RunRetryOptions,
  parts: RunHandleParts,
): Promise<void> {
  checkOptions("retry", options, ["force"]);
  const { force = false } = options;
  if (typeof force !== "boolean") {
    throw new TypeError(`retry: force must be true or false, not ${String(force)}`);
  }
  await parts.reachToWrite();
  await retryRun(runId, force, parts);
}

async function resultOf(
  runId: string,
  options: ResultOptions,
  parts: RunHandleParts,
): Promise<unknown> {
  checkOptions("result", options, ["timeoutMs", "signal"]);
  const { timeoutMs, signal } = options;
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs >= 0)) {
    throw new TypeError(`result: timeoutMs must be milliseconds from 0, not ${String(timeoutMs)}`);
  }
  const { store, clock, hints, codec, errors } = parts;
  const run = await awaitOutcome({ runId, store, clock, hints, timeoutMs, signal });
  const { status, payload } = run.outcome;
  if (status === "SUCCEEDED") return codec.decode(payload, placeInRun("output", run));
  throw reviveError(payload, codec, placeInRun("error", run), errors);
}

function callResultOf({ slot, functionId, argsDigest, status }: StoredCall): CallResult {
  return { slot, functionId, argsDigest, status };
}
