/**
 * The only source of time and of turns that core knows. `systemClock` is the real one; tests hand in their own.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  now(): number;
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  monotonic(): number;
  /** Calls back after at least `ms`; the returned function cancels. */
  timer(ms: number, callback: () => void): () => void;
  readonly turns: Turns;
}

/**
 * Work that is due once in the present turn of the event loop. Deliveries run before flushes, and the microtasks that
 * deliveries start run in between: what an action asks for on seeing an outcome leaves in the same batch as that outcome.
 */
export interface Turns {
  /** Runs `callback` in the delivery phase of the next turn. */
  deliver(callback: () => void): void;
  /** Runs `callback` at the end of that turn, after all deliveries and what followed from them. */
  flush(callback: () => void): void;
}

/** Turns on Node's immediates: one pair serves everything that is due, however many runs a process has. */
export class ImmediateTurns implements Turns {
  #deliveries: (() => void)[] = [];
  #flushes: (() => void)[] = [];
  #isScheduled = false;

  deliver(callback: () => void): void {
    this.#deliveries.push(callback);
    this.#schedule();
  }

  flush(callback: () => void): void {
    this.#flushes.push(callback);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      const due = this.#deliveries;
      this.#deliveries = [];
      for (const callback of due) callback();
    });
    // Node drains microtasks between two immediates of one phase, so this one sees what the deliveries set off.
    setImmediate(() => {
      const due = this.#flushes;
      this.#flushes = [];
      this.#isScheduled = false;
      if (this.#deliveries.length > 0) this.#schedule();
      for (const callback of due) callback();
    });
  }
}

/** Node counts a timeout in 31 bits, 25 days, and takes a longer one for 1 ms. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The real clock of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, callback) {
    let handle: NodeJS.Timeout | undefined;
    const wait = (leftMs: number): void => {
      handle =
        leftMs > MAX_TIMEOUT_MS
          ? setTimeout(() => wait(leftMs - MAX_TIMEOUT_MS), MAX_TIMEOUT_MS)
          : setTimeout(callback, leftMs);
    };
    wait(ms);
    return () => clearTimeout(handle);
  },
  turns: new ImmediateTurns(),
};
