import type { Clock } from "../words/clock.ts";

/** How long a recorded call that is due may hold back the outcomes behind it, milliseconds. */
export const ORDER_PATIENCE_MS = 5000;

/** An outcome that may be handed to the action in its turn. */
export interface ReadyOutcome {
  readonly seq: number;
  deliver(): void;
}

/** A call the journal held at the claim. */
export interface KnownSlot {
  readonly slot: number;
  readonly functionId: string;
  /** How many outcomes the action had seen when it asked for the call. */
  readonly after: number;
}

export interface DeliveryOrderOptions {
  readonly clock: Clock;
  /** The first slot known at the claim that the action has not asked for yet. */
  readonly nextKnown: () => KnownSlot | undefined;
  /** A due slot was not asked for in time; delivery goes on without it. */
  readonly onNotRestored: (slot: KnownSlot) => void;
  /** An outcome was delivered, and what followed from it in its turn is over. */
  readonly onDelivered: () => void;
}

/**
 * Hands outcomes to the action in the order in which they were recorded, one per turn of the event loop, live and on
 * replay alike; one that nothing else is under way with comes sooner. Recorded outcomes have lower numbers than any outcome still to come, so a live one waits of itself while
 * a recorded one that was asked for is undelivered. And nothing is delivered while the action has still to ask for a call
 * that it had asked for at this point before: else another branch would take that call's slot.
 */
export class DeliveryOrder {
  readonly #options: DeliveryOrderOptions;
  #ready: ReadyOutcome[] = [];
  #delivered = 0;
  #isScheduled = false;
  #isStopped = false;
  #cancelPatience: (() => void) | undefined;
  #givenUp: number | undefined;

  constructor(options: DeliveryOrderOptions) {
    this.#options = options;
  }

  /** How many outcomes the action has seen. */
  get delivered(): number {
    return this.#delivered;
  }

  get isIdle(): boolean {
    return this.#ready.length === 0;
  }

  /**
   * Takes an outcome that may be delivered in its turn.
   *
   * @param isAlone nothing else is under way, and slots cannot move: then it need not wait for a turn of its own, only for
   *   all that followed from the one before
   */
  push(outcome: ReadyOutcome, isAlone = false): void {
    const ready = this.#ready;
    let at = ready.length;
    while (at > 0 && (ready[at - 1]?.seq ?? 0) > outcome.seq) at -= 1;
    if (at === ready.length) ready.push(outcome);
    else ready.splice(at, 0, outcome);
    this.#schedule(isAlone);
  }

  /** The action asked for a call: what waited for that may go on. */
  asked(): void {
    if (this.#cancelPatience === undefined) return;
    this.#cancelPatience();
    this.#cancelPatience = undefined;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#ready = [];
    this.#cancelPatience?.();
  }

  #schedule(isAlone = false): void {
    if (this.#isScheduled || this.#isStopped || this.#ready.length === 0) return;
    this.#isScheduled = true;
    const { turns } = this.#options.clock;
    if (isAlone) turns.deliverSoon(this.#turn);
    else turns.deliver(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (!this.#isStopped) this.#pump();
  };

  #pump(): void {
    const due = this.#options.nextKnown();
    if (due !== undefined && due.after <= this.#delivered && due.slot !== this.#givenUp) {
      this.#wait(due);
      return;
    }
    const next = this.#ready.shift();
    if (next !== undefined) {
      this.#delivered += 1;
      next.deliver();
      this.#options.onDelivered();
    }
    this.#schedule();
  }

  #wait(due: KnownSlot): void {
    this.#cancelPatience ??= this.#options.clock.timer(ORDER_PATIENCE_MS, () => {
      this.#cancelPatience = undefined;
      this.#givenUp = due.slot;
      this.#options.onNotRestored(due);
      this.#schedule();
    });
  }
}
