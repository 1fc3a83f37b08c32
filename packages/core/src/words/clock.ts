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
  /**
   * Runs `callback` when the microtasks and ticks that there are now, and all that they start, are over: in the present delivery
   * phase if there is time left in it, else in the next.
   */
  deliverSoon(callback: () => void): void;
  /** Runs `callback` at the end of that turn, after all deliveries and what followed from them. */
  flush(callback: () => void): void;
}

/** A turn in which much is delivered soon takes so many steps at most, and no longer than this, before others have theirs. */
const MAX_STEPS = 128;
const MAX_PHASE_MS = 2;

/** Turns on Node's immediates: one set serves everything that is due, however many runs a process has. */
export class ImmediateTurns implements Turns {
  #deliveries: (() => void)[] = [];
  #soon: (() => void)[] = [];
  #flushes: (() => void)[] = [];
  #isScheduled = false;
  /** Steps that the delivery phase of a turn has beyond its first, as many as were of use in the last. */
  #steps = 0;
  #stepsLeft = 0;
  #stepsUsed = 0;
  #lackedSteps = false;
  #phaseEndsAt = 0;

  deliver(callback: () => void): void {
    this.#deliveries.push(callback);
    this.#schedule();
  }

  deliverSoon(callback: () => void): void {
    if (this.#stepsLeft > 0 && performance.now() < this.#phaseEndsAt) {
      this.#soon.push(callback);
    } else {
      this.#lackedSteps ||= this.#stepsLeft === 0;
      this.deliver(callback);
    }
  }

  flush(callback: () => void): void {
    this.#flushes.push(callback);
    this.#schedule();
  }

  // Node drains microtasks and ticks between two immediates of one phase. So the steps see what the deliveries set off, and the
  // flush sees what the steps did.
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#startPhase);
    for (let step = 0; step < this.#steps; step += 1) setImmediate(this.#step);
    setImmediate(this.#endPhase);
  }

  readonly #startPhase = (): void => {
    this.#stepsLeft = this.#steps;
    if (this.#steps > 0) this.#phaseEndsAt = performance.now() + MAX_PHASE_MS;
    const due = this.#deliveries;
    this.#deliveries = [];
    for (const callback of due) callback();
  };

  readonly #step = (): void => {
    this.#stepsLeft -= 1;
    if (this.#soon.length === 0) return;
    this.#stepsUsed += 1;
    const due = this.#soon;
    this.#soon = [];
    for (const callback of due) callback();
  };

  readonly #endPhase = (): void => {
    const used = this.#stepsUsed;
    this.#steps = Math.min(this.#lackedSteps ? 2 * used + 4 : used, MAX_STEPS);
    this.#stepsUsed = 0;
    this.#lackedSteps = false;
    const due = this.#flushes;
    this.#flushes = [];
    this.#isScheduled = false;
    if (this.#deliveries.length > 0) this.#schedule();
    for (const callback of due) callback();
  };
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
