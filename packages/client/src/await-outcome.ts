import {
  type ActionStateStore,
  type Clock,
  RefrainError,
  type RunOutcome,
  type RunSnapshot,
  TimeoutError,
} from "@refrain/core";
import { RunNotFoundError } from "./errors.ts";
import type { SettledHints } from "./settled-hints.ts";

export interface AwaitOutcomeOptions {
  readonly runId: string;
  readonly store: ActionStateStore;
  readonly clock: Clock;
  readonly hints: SettledHints | undefined;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface SettledRun extends RunSnapshot {
  readonly outcome: RunOutcome;
}

/**
 * Waits until the run is settled: reads its record at once, at every hint, and in between with a growing pause. A store that
 * says that it cannot be read now is read again later.
 *
 * @throws RunNotFoundError, TimeoutError, the signal's reason, or what the store rejects with for good. The deadline holds while
 * the store does not answer, too.
 */
export async function awaitOutcome(options: AwaitOutcomeOptions): Promise<SettledRun> {
  const { runId, clock, hints, signal } = options;
  signal?.throwIfAborted();
  const pacer = new Pacer(clock);
  const unwatch = hints?.onSettled(runId, () => pacer.wake());
  const limit = limitOf(options);
  try {
    return await Promise.race([poll(options, pacer), limit.reached]);
  } finally {
    pacer.stop();
    limit.lift();
    unwatch?.();
  }
}

interface Limit {
  /** Rejects when the wait is to end without an outcome. */
  readonly reached: Promise<never>;
  readonly lift: () => void;
}

function limitOf({ runId, clock, timeoutMs, signal }: AwaitOutcomeOptions): Limit {
  const undo: (() => void)[] = [];
  const reached = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    undo.push(() => signal?.removeEventListener("abort", onAbort));
    if (timeoutMs === undefined) return;
    undo.push(clock.timer(timeoutMs, () => reject(timedOut(runId, timeoutMs))));
  });
  return {
    reached,
    lift: () => {
      for (const step of undo) step();
    },
  };
}

async function poll(options: AwaitOutcomeOptions, pacer: Pacer): Promise<SettledRun> {
  for (;;) {
    pacer.start();
    const run = await look(options);
    if (run !== undefined && isSettled(run)) return run;
    await pacer.pause();
  }
}

/** The run as it stands; undefined when the store cannot say now. */
async function look({ runId, store }: AwaitOutcomeOptions): Promise<RunSnapshot | undefined> {
  let run: RunSnapshot | undefined;
  try {
    run = await store.read(runId, { calls: false });
  } catch (error) {
    if (isTransient(error)) return undefined;
    throw error;
  }
  if (run === undefined) throw new RunNotFoundError(runId);
  return run;
}

function isTransient(error: unknown): boolean {
  return error instanceof RefrainError && "isTransient" in error && error.isTransient === true;
}

function isSettled(run: RunSnapshot): run is SettledRun {
  return run.outcome !== undefined;
}

function timedOut(runId: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `run ${runId} was not settled within ${timeoutMs} ms. It goes on: ask again with client.run(action, runId).result()`,
  );
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2000;

/** Pauses that grow from one look to the next, and end early when woken. */
class Pacer {
  readonly #clock: Clock;
  #pauseMs = FIRST_PAUSE_MS;
  #isWoken = false;
  #isStopped = false;
  #end: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on a wake counts: one that comes while the record is being read may be news to it. */
  start(): void {
    this.#isWoken = false;
  }

  wake(): void {
    this.#isWoken = true;
    this.#end();
  }

  pause(): Promise<void> {
    const ms = this.#pauseMs * (0.75 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 1.5, LONGEST_PAUSE_MS);
    return new Promise((resolve) => {
      // Stopped: nobody waits any more, and nothing may go on reading.
      if (this.#isStopped) return;
      if (this.#isWoken) return resolve();
      const cancel = this.#clock.timer(ms, resolve);
      this.#end = () => {
        cancel();
        if (!this.#isStopped) resolve();
      };
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#end();
  }
}
