import type { AttemptCalls } from "../calls/attempt-calls.ts";
import { MAX_WAIT_IN_PLACE_MS } from "../decisions/retry-policy.ts";
import type { AttemptObserver, ReleaseReason } from "../ports/attempt.ts";
import type { Clock } from "../words/clock.ts";
import type { Notices } from "../words/notices.ts";

/** Why a run is handed back, and how long it then stays where it is. */
export interface Release {
  readonly reason: ReleaseReason;
  readonly delayMs: number;
}

/** What a lookout asks of its attempt, and sets off there. */
export interface LookoutHost {
  readonly action: string;
  /** Its last write is made, or it has ended. */
  readonly isOver: boolean;
  readonly isReleasing: boolean;
  /** The action is over, or the run fails. */
  readonly isEnding: boolean;
  startRelease(release: Release): void;
  handBack(isEndingLate: boolean): Promise<void>;
}

export interface LookoutOptions {
  readonly clock: Clock;
  readonly notices: Notices;
  readonly observe: AttemptObserver;
}

/**
 * Looks around, once in a turn in which something changed and when all that followed from it is over: whether all calls are
 * closed, the run can be handed back, or the attempt can do nothing but wait.
 */
export class Lookout {
  readonly #host: LookoutHost;
  readonly #calls: AttemptCalls;
  readonly #options: LookoutOptions;
  #onAllClosed: (() => void) | undefined;
  #isLooking = false;
  #idleTurns = 0;

  constructor(host: LookoutHost, calls: AttemptCalls, options: LookoutOptions) {
    this.#host = host;
    this.#calls = calls;
    this.#options = options;
  }

  changed(): void {
    if (this.#isLooking || this.#host.isOver) return;
    this.#isLooking = true;
    this.#options.clock.turns.deliver(this.#lookAround);
  }

  /** Calls back when the attempt is ending and none of its calls is under way. */
  onAllClosed(listener: () => void): void {
    this.#onAllClosed = listener;
    this.changed();
  }

  readonly #lookAround = (): void => {
    this.#isLooking = false;
    const { inFlight, order, waits, effects } = this.#calls;
    const host = this.#host;
    if (host.isOver || !order.isIdle) return;
    if (host.isEnding && inFlight.size === 0) {
      // A schema may take its time over the output, or for ever.
      if (host.isReleasing) this.#options.clock.timer(ENDING_MS, () => void host.handBack(true));
      return this.#tellAllClosed();
    }
    // Between two calls there is a turn without one; only turns on end are a wait.
    if (inFlight.size > 0) this.#idleTurns = 0;
    if (effects.holdUpRelease) return;
    if (host.isReleasing) return void host.handBack(false);
    if (inFlight.size === 0) return this.#noticeIdle();
    if (waits.size < inFlight.size || waits.remainingMs <= MAX_WAIT_IN_PLACE_MS) return;
    host.startRelease({ reason: "outcome-unknown", delayMs: waits.remainingMs });
  };

  #tellAllClosed(): void {
    const listener = this.#onAllClosed;
    this.#onAllClosed = undefined;
    listener?.();
  }

  /** Nothing durable is under way and the action has not ended: it waits for something that no replay restores. */
  #noticeIdle(): void {
    if (this.#host.isEnding) return;
    this.#idleTurns += 1;
    if (this.#idleTurns < 2) return this.changed();
    if (!this.#options.notices.isFirst(`non-durable-wait/${this.#host.action}`)) return;
    this.#options.observe({ type: "non-durable-wait" });
  }
}

/** How long the making of an outcome may hold up a release. */
const ENDING_MS = 200;
