import type { Claim } from "../ports/store.ts";
import { ClaimLostError } from "../words/errors.ts";

export interface EffectGateOptions {
  readonly runId: string;
  readonly claim: Claim;
  readonly mayStart: (isMarked: boolean) => boolean;
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

  /**
   * Calls back when an effect may begin: at once, or as soon as the store has acknowledged everything written, by siblings
   * meanwhile as well. Never when the attempt ends first, or hands back and nothing says yet that the effect was started.
   */
  whenMayStart(start: () => void, isMarked: boolean): void {
    const { claim, mayStart } = this.#options;
    if (!mayStart(isMarked)) return;
    if (!claim.isAcknowledged) claim.onAcknowledged(() => this.whenMayStart(start, isMarked));
    else if (this.#ownsLock()) start();
  }

  #ownsLock(): boolean {
    const { mayStartEffect, abort, runId } = this.#options;
    if (mayStartEffect()) return true;
    const message = `run ${runId}: the job's lock was not renewed in time, so another worker may own the run by now; nothing more starts here`;
    abort(new ClaimLostError("lock", message));
    return false;
  }
}
