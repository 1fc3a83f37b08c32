import { AsyncResource } from "node:async_hooks";
import type { Claim } from "../ports/store.ts";
import { ClaimLostError } from "../words/errors.ts";

export interface EffectGateHost {
  readonly runId: string;
  /** False when nothing may start any more; while the attempt hands back, only what was marked as started before. */
  mayStart(isMarked: boolean): boolean;
  abort(error: ClaimLostError): void;
}

export interface EffectGateOptions {
  readonly claim: Claim;
  readonly mayStartEffect: () => boolean;
}

/**
 * What stands before every fn and every reconciler: all outcomes so far are acknowledged, the attempt may still start
 * something, and its lock is provably its own.
 */
export class EffectGate {
  readonly #host: EffectGateHost;
  readonly #options: EffectGateOptions;

  constructor(host: EffectGateHost, options: EffectGateOptions) {
    this.#host = host;
    this.#options = options;
  }

  /**
   * Calls back when an effect may begin: at once, or as soon as the store has acknowledged everything written, by siblings
   * meanwhile as well. Never when the attempt ends first, or hands back and nothing says yet that the effect was started.
   */
  whenMayStart(start: () => void, isMarked: boolean): void {
    const { claim } = this.#options;
    if (!this.#host.mayStart(isMarked)) return;
    if (!claim.isAcknowledged)
      claim.onAcknowledged(inThisContext(() => this.whenMayStart(start, isMarked)));
    else if (this.#ownsLock()) start();
  }

  #ownsLock(): boolean {
    if (this.#options.mayStartEffect()) return true;
    const message = `run ${this.#host.runId}: the job's lock was not renewed in time, so another worker may own the run by now; nothing more starts here`;
    this.#host.abort(new ClaimLostError("lock", message));
    return false;
  }
}

/** Acknowledgements come to all runs at once: what an effect finds in an AsyncLocalStorage is still to be its own action's. */
function inThisContext(callback: () => void): () => void {
  const context = new AsyncResource("RefrainEffect", UNTRACKED);
  return () => context.runInAsyncScope(callback);
}

/** Nobody is to be told when it is garbage: that would cost many times as much. */
const UNTRACKED = { requireManualDestroy: true };
