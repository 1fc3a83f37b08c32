import type { Clock } from "@refrain/core";

const FORGET_AFTER_MS = 10 * 60 * 1000;

/** Remembers for a while when this process first saw jobs whose run has no record. */
export class FirstSights {
  readonly #clock: Clock;
  /** In order of first sight. */
  readonly #seenAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the job was first seen; 0 the first time. */
  see(jobId: string): number {
    const now = this.#clock.monotonic();
    this.#forgetOld(now);
    const first = this.#seenAt.get(jobId) ?? now;
    if (!this.#seenAt.has(jobId)) this.#seenAt.set(jobId, first);
    return now - first;
  }

  forget(jobId: string): void {
    this.#seenAt.delete(jobId);
  }

  #forgetOld(now: number): void {
    for (const [jobId, first] of this.#seenAt) {
      if (now - first < FORGET_AFTER_MS) return;
      this.#seenAt.delete(jobId);
    }
  }
}
