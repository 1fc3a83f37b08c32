import type { Clock } from "@refrain/core";

export interface RunSlotsOptions {
  /** Runs at once in the whole worker. */
  readonly concurrency: number;
  /** Runs at once of actions that have a bound of their own. */
  readonly bounds: ReadonlyMap<string, number>;
  readonly clock: Clock;
}

/** How long a delivery waits for a slot before it is handed back: other workers may have one. */
const PATIENCE_MS = 1000;

interface Waiting {
  readonly action: string;
  readonly answer: (isGranted: boolean) => void;
}

/**
 * Bounds how many runs are under way in a worker and of each action. BullMQ bounds each queue by itself and knows no
 * actions, so some deliveries arrive that have no slot yet. A few of those wait here for a moment, which keeps a busy worker
 * busy; the others go back to the queue at once, so that runs of other actions can come.
 */
export class RunSlots {
  readonly #options: RunSlotsOptions;
  readonly #taken = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(options: RunSlotsOptions) {
    this.#options = options;
  }

  /** Whether the action may run now; a promise where that shows in a moment. Who gets true must `leave` in the end. */
  enter(action: string): boolean | Promise<boolean> {
    if (this.#isFree(action)) {
      this.#take(action);
      return true;
    }
    const { bounds, concurrency, clock } = this.#options;
    const ahead = this.#waiting.filter((waiting) => waiting.action === action).length;
    if (ahead >= (bounds.get(action) ?? concurrency)) return false;
    return new Promise((resolve) => {
      const cancel = clock.timer(PATIENCE_MS, () => this.#dismiss(waiting));
      const answer = (isGranted: boolean): void => {
        cancel();
        resolve(isGranted);
      };
      const waiting: Waiting = { action, answer };
      this.#waiting.push(waiting);
    });
  }

  leave(action: string): void {
    this.#total -= 1;
    this.#taken.set(action, this.#takenBy(action) - 1);
    const next = this.#waiting.find((waiting) => this.#isFree(waiting.action));
    if (next === undefined) return;
    this.#take(next.action);
    this.#remove(next);
    next.answer(true);
  }

  /** Sends away whoever waits. */
  dismissAll(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.answer(false);
  }

  #dismiss(waiting: Waiting): void {
    this.#remove(waiting);
    waiting.answer(false);
  }

  #remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #isFree(action: string): boolean {
    const { bounds, concurrency } = this.#options;
    const bound = bounds.get(action) ?? Number.POSITIVE_INFINITY;
    return this.#total < concurrency && this.#takenBy(action) < bound;
  }

  #take(action: string): void {
    this.#total += 1;
    this.#taken.set(action, this.#takenBy(action) + 1);
  }

  #takenBy(action: string): number {
    return this.#taken.get(action) ?? 0;
  }
}
