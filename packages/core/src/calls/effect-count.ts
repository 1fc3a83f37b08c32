/** Counts the effects of one attempt, each a fn or a reconciler: those that run, and those about to. */
export class EffectCount {
  readonly #host: { changed(): void };
  #due = 0;
  #executing = 0;
  #executingReconcilable = 0;

  /** @param host is told when an effect ends */
  constructor(host: { changed(): void }) {
    this.#host = host;
  }

  get isExecuting(): boolean {
    return this.#executing > 0;
  }

  get isExecutingReconcilable(): boolean {
    return this.#executingReconcilable > 0;
  }

  /** Something runs, or is about to and the journal says so. */
  get holdUpRelease(): boolean {
    return this.#executing + this.#due > 0;
  }

  /** Counts a fn that the journal says was started, until it is. */
  due(): void {
    this.#due += 1;
  }

  begun(): void {
    this.#due -= 1;
    if (!this.isExecuting) this.#host.changed();
  }

  /** Counts a fn or reconciler that runs. */
  enter(isReconcilableFn: boolean): void {
    this.#executing += 1;
    if (isReconcilableFn) this.#executingReconcilable += 1;
  }

  leave(isReconcilableFn: boolean): void {
    this.#executing -= 1;
    if (isReconcilableFn) this.#executingReconcilable -= 1;
    this.#host.changed();
  }
}
