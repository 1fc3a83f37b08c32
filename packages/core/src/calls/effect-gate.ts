import type { Claim } from "../ports/store.ts";
import { ClaimLostError } from "../words/errors.ts";

export interface EffectGateOptions {
  readonly runId: string;
  readonly claim: Claim;
  readonly isOpen: () => boolean;
  readonly mayStartEffect: () => boolean;
  readonly abort: (error: ClaimLostError) => void;
}

/**
 * What stands before every fn and every reconciler: all outcomes so far are acknowledged, the attempt may still start
 * something, and its lock is provably its own.
 */
export class EffectGate {
  readonly #options: EffectGateOptions;

  constructor(options: EffectGateOptions) {
    this.#options = options;
  }

  /** Whether an effect may begin now; a promise only when the store has still to acknowledge something. */
  mayStart(): boolean | Promise<boolean> {
    if (!this.#options.isOpen()) return false;
    return this.#options.claim.isAcknowledged ? this.#ownsLock() : this.#afterAcknowledgement();
  }

  async #afterAcknowledgement(): Promise<boolean> {
    const { claim, isOpen } = this.#options;
    try {
      // What siblings write meanwhile counts as well.
      while (!claim.isAcknowledged) await claim.acknowledged();
    } catch {
      // The claim tells the attempt itself that it is lost.
      return false;
    }
    return isOpen() && this.#ownsLock();
  }

  #ownsLock(): boolean {
    const { mayStartEffect, abort, runId } = this.#options;
    if (mayStartEffect()) return true;
    const message = `run ${runId}: the job's lock was not renewed in time, so another worker may own the run by now; nothing more starts here`;
    abort(new ClaimLostError("lock", message));
    return false;
  }
}
