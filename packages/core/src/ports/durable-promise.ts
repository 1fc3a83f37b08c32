/** A call that was made and will run when it is first awaited. Awaiting it again gives the same outcome. */
declare const brand: unique symbol;
export interface DurableHandle<T> extends Promise<T> {
  readonly [brand]?: "handle";
}

const unset = (): void => {};

/**
 * The promise of a durable call. It knows whether anything ever awaited it: that decides what becomes of a call still in
 * flight when its action ends, and it is what starts a lazy one.
 */
export class DurablePromise<T> extends Promise<T> {
  /** What `then`, `catch` and `finally` return is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Makes a pending one with the means to settle it. `onAwaited` is called once, when `then` is first called. */
  static withResolvers<T>(onAwaited?: () => void): {
    promise: DurablePromise<T>;
    resolve: (value: T) => void;
    reject: (error: unknown) => void;
  } {
    let resolve: (value: T) => void = unset;
    let reject: (error: unknown) => void = unset;
    const promise = new DurablePromise<T>((res, rej) => {
      resolve = res;
      reject = rej;
    });
    promise.#onAwaited = onAwaited;
    return { promise, resolve, reject };
  }

  #isAwaited = false;
  #onAwaited: (() => void) | undefined;

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise that has to know when it is awaited
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (!this.#isAwaited) {
      this.#isAwaited = true;
      this.#onAwaited?.();
    }
    return super.then(onFulfilled, onRejected);
  }

  /** Keeps a failure that nobody awaits from counting as an unhandled rejection: it is recorded and reported anyhow. */
  markHandled(): void {
    super.then(undefined, () => {});
  }
}
