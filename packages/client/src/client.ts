import type { Action } from "@refrain/core";
import type { EnqueueOptions } from "./enqueue-options.ts";
import type { RunHandle } from "./run-handle.ts";

/** Starts runs and follows them. */
export interface Client {
  /**
   * Starts a run of the action and gives its handle once Redis has it. Idempotent by `runId`: the same id and the same input
   * give the same run, with `created: false`.
   *
   * @throws RunConflictError when the id belongs to a run of another action or input.
   * @throws ValidationError when the action's schema refuses the input.
   */
  enqueue<I, O, P>(
    action: Action<I, O, P>,
    input: NoInfer<I>,
    options?: EnqueueOptions,
  ): Promise<RunHandle<O>>;
  /**
   * Starts many runs, 500 of them under way at a time. Every item is checked before the first is sent; what is refused after that does not
   * stop the others.
   *
   * @throws EnqueueManyError at the end, with the handles of all runs that are there.
   */
  enqueueMany<I, O, P>(
    action: Action<I, O, P>,
    items: readonly ({ readonly input: NoInfer<I> } & EnqueueOptions)[],
  ): Promise<RunHandle<O>[]>;
  /** The same for runs of several actions. Inputs are checked by the actions' schemas, not by their types. */
  enqueueMany(items: readonly MixedItem[]): Promise<RunHandle<unknown>[]>;
  /** A handle for a run that exists, or existed; nothing is sent. */
  run<I, O, P>(action: Action<I, O, P>, runId: string): RunHandle<O>;
  run(runId: string): RunHandle<unknown>;
  /**
   * Adds the job of every live run anew that has none to be delivered: after a queue was obliterated, say. Workers do the same
   * by themselves, within a minute or so and at a gentle pace; this does it now. Jobs that are where they should be are left
   * alone, and so it may be called at any time and by several at once. The job of a run that an attempt seems to have in hand waits
   * for 15 s, so that the two do not overlap.
   *
   * @returns how many jobs were added
   */
  rebuild(): Promise<number>;
  /** Closes what the client opened. Its handles are of no use afterwards. */
  close(): Promise<void>;
}

export type MixedItem = {
  // biome-ignore lint/suspicious/noExplicitAny: a mixed list has no common input type
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly action: Action<any, unknown, any>;
  readonly input: unknown;
} & EnqueueOptions;
