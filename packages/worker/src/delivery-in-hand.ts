import { type Attempt, ClaimLostError } from "@refrain/core";
import type { HeldLock } from "./lock-keeper.ts";

/** Why a delivery ends before its attempt does, or before there is one. */
export type Cut =
  /** The lock of its job is lost. */
  | { readonly kind: "lost" }
  /** The worker closes, and its patience is over. */
  | { readonly kind: "cut-off"; readonly isExecutingReconcilable: boolean }
  /** The worker closes, and the run could not be claimed for so long. */
  | { readonly kind: "not-begun" };

/** One delivery while this worker has it: what can end it from outside, at whichever point it is. */
export class DeliveryInHand {
  readonly lock: HeldLock;
  readonly #runId: string;
  #onCut: ((cut: Cut) => void) | undefined;
  #cutAs: Cut | undefined;
  #attempt: Attempt | undefined;
  #onRelease: (() => void) | undefined;
  #isReleasing = false;

  constructor(runId: string, lock: HeldLock) {
    this.#runId = runId;
    this.lock = lock;
    lock.onLost(() => this.#cut({ kind: "lost" }, "the lock of its job ran out, or was taken"));
  }

  /** How it was cut short, if it was. */
  get cutAs(): Cut | undefined {
    return this.#cutAs;
  }

  /** What the promise comes to, or how the delivery was cut short before. Of one promise at a time. */
  unlessCut<T>(promise: Promise<T>): Promise<T | Cut> {
    return new Promise((resolve, reject) => {
      if (this.#cutAs !== undefined) resolve(this.#cutAs);
      this.#onCut = resolve;
      promise.then(resolve, reject);
    });
  }

  /** From here on the attempt shares the delivery's fate. */
  begin(attempt: Attempt): void {
    this.#attempt = attempt;
    if (this.#cutAs !== undefined) attempt.abort(this.#lostBy(CUT_BEFORE));
    else if (this.#isReleasing) attempt.release();
  }

  /** Asks for the run back at its next boundary. */
  release(): void {
    this.#isReleasing = true;
    this.#onRelease?.();
    this.#attempt?.release();
  }

  /** Resolves when the run is asked for back. */
  whenReleased(): Promise<void> {
    if (this.#isReleasing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onRelease = resolve;
    });
  }

  /** Ends it at once if nothing of it executes: it only waits for what Redis does not answer, or has no room for. */
  stopWaiting(): void {
    if (this.#attempt === undefined) this.#cut({ kind: "not-begun" }, CUT_BEFORE);
    else if (!this.#attempt.isExecuting) this.cutOff();
  }

  /** Ends it at once; what still executes is left to itself. */
  cutOff(): void {
    const isExecutingReconcilable = this.#attempt?.isExecutingReconcilable ?? false;
    this.#cut({ kind: "cut-off", isExecutingReconcilable }, "the worker closed meanwhile");
  }

  #cut(cut: Cut, why: string): void {
    if (this.#cutAs !== undefined) return;
    this.#cutAs = cut;
    this.#onCut?.(cut);
    this.#attempt?.abort(this.#lostBy(why));
  }

  #lostBy(why: string): ClaimLostError {
    return new ClaimLostError("lock", `run ${this.#runId}: ${why}`);
  }
}

const CUT_BEFORE = "its delivery was cut short before the attempt began";

/** All deliveries a worker has in hand. */
export class DeliveriesInHand {
  readonly #inHand = new Set<DeliveryInHand>();
  #emptyWaiters: (() => void)[] = [];

  /** @returns what to call when BullMQ has been told how the delivery ended */
  add(delivery: DeliveryInHand): () => void {
    this.#inHand.add(delivery);
    return () => {
      this.#inHand.delete(delivery);
      if (this.#inHand.size > 0) return;
      for (const resolve of this.#emptyWaiters.splice(0)) resolve();
    };
  }

  get size(): number {
    return this.#inHand.size;
  }

  releaseAll(): void {
    for (const delivery of this.#inHand) delivery.release();
  }

  stopWaitingAll(): void {
    for (const delivery of this.#inHand) delivery.stopWaiting();
  }

  cutOffAll(): void {
    for (const delivery of this.#inHand) delivery.cutOff();
  }

  whenEmpty(): Promise<void> {
    if (this.#inHand.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptyWaiters.push(resolve));
  }
}
