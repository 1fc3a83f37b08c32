import type { Clock } from "../words/clock.ts";

interface Wait {
  readonly until: number;
  readonly asks: number;
  readonly wake: (isOver: boolean) => void;
}

/** The waits of one attempt: back-offs of calls that neither run nor have an outcome. */
export class Waits {
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waits.size;
  }

  /** How often in a row the most uncertain of the waiting calls could not be settled. */
  get asks(): number {
    return Math.max(0, ...[...this.#waits].map((wait) => wait.asks));
  }

  /** Milliseconds until the first wait is over; 0 when there is none. */
  get remainingMs(): number {
    if (this.#waits.size === 0) return 0;
    const first = Math.min(...[...this.#waits].map((wait) => wait.until));
    return Math.max(0, first - this.#clock.monotonic());
  }

  /** Resolves true after `ms`, or false when `cutShort` comes first. */
  wait(ms: number, asks: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wait: Wait = {
        until: this.#clock.monotonic() + ms,
        asks,
        wake: (isOver) => {
          cancel();
          this.#waits.delete(wait);
          resolve(isOver);
        },
      };
      const cancel = this.#clock.timer(ms, () => wait.wake(true));
      this.#waits.add(wait);
    });
  }

  cutShort(): void {
    for (const wait of this.#waits) wait.wake(false);
  }
}
