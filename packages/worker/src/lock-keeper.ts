import type { Clock } from "@refrain/core";

export interface LockKeeperOptions {
  readonly lockDurationMs: number;
  readonly clock: Clock;
  /** Extends the locks of jobs and gives back the ids of those that are lost: BullMQ's `worker.extendJobLocks`. */
  readonly extend: (jobIds: string[], tokens: string[], durationMs: number) => Promise<string[]>;
  /**
   * Whether a lock that came back as lost is there all the same. In a cluster, while the slot of a queue moves, BullMQ's script may
   * run on the node that does not have the job yet. Default: no lock is.
   */
  readonly isStillHeld?: ((jobId: string, token: string) => Promise<boolean>) | undefined;
  /** A renewal failed, or came late. Locks are not lost by that alone. */
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** A job's lock while its delivery is in hand. */
export interface HeldLock {
  /**
   * True while the lock provably lasts a while longer, whatever happened to timers and connections: less than the lock's
   * duration, minus a margin, has passed since the request that last renewed it was sent.
   */
  readonly isCertain: boolean;
  /** Calls back once, at once if the lock is lost already. */
  onLost(listener: () => void): void;
  /** Stops renewing it. */
  letGo(): void;
}

/**
 * Keeps the locks of one queue's jobs, from their delivery until BullMQ is told how it ended. BullMQ's own keeper knows jobs
 * by their id, so the end of a zombie stops the renewal of the delivery that replaced it; it also aborts nothing.
 */
export class LockKeeper {
  readonly #options: LockKeeperOptions;
  readonly #marginMs: number;
  readonly #locks = new Set<Lock>();
  #cancelTimer: (() => void) | undefined;
  #isRenewing = false;

  constructor(options: LockKeeperOptions) {
    this.#options = options;
    this.#marginMs = Math.min(2000, options.lockDurationMs / 2);
  }

  /** Of so many jobs. */
  get size(): number {
    return this.#locks.size;
  }

  /** @param ageMs how long ago the lock was taken, at most */
  hold(jobId: string, token: string, ageMs: number): HeldLock {
    const { clock, lockDurationMs } = this.#options;
    const lock: Lock = new Lock({
      jobId,
      token,
      renewedAt: clock.monotonic() - Math.max(0, ageMs),
      certainMs: lockDurationMs - this.#marginMs,
      clock,
      letGo: () => this.#letGo(lock),
    });
    this.#locks.add(lock);
    this.#schedule();
    return lock;
  }

  #letGo(lock: Lock): void {
    this.#locks.delete(lock);
    if (this.#locks.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#isRenewing || this.#locks.size === 0) return;
    const { clock, lockDurationMs } = this.#options;
    const everyMs = lockDurationMs / 4;
    const dueAt = clock.monotonic() + everyMs;
    this.#cancelTimer = clock.timer(everyMs, () => {
      this.#cancelTimer = undefined;
      this.#noticeLateness(clock.monotonic() - dueAt);
      void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    // A renewal that takes long is not joined by others.
    this.#isRenewing = true;
    await Promise.all(batches(this.#locks).map((batch) => this.#extend(batch)));
    this.#isRenewing = false;
    this.#schedule();
  }

  async #extend(locks: readonly Lock[]): Promise<void> {
    const { clock, extend, lockDurationMs, onTrouble } = this.#options;
    const sentAt = clock.monotonic();
    const ids = locks.map((lock) => lock.jobId);
    const tokens = locks.map((lock) => lock.token);
    try {
      const lost = new Set(await extend(ids, tokens, lockDurationMs));
      for (const lock of locks) if (!lost.has(lock.jobId)) lock.renewed(sentAt);
      await this.#lose(locks.filter(({ jobId }) => lost.has(jobId)));
    } catch (error) {
      onTrouble(
        `the locks of ${ids.length} jobs could not be renewed; the next try is soon`,
        error,
      );
    }
  }

  /** What is still held was not renewed either: it runs out in its time, unless the next renewal finds it. */
  async #lose(locks: readonly Lock[]): Promise<void> {
    const { isStillHeld } = this.#options;
    for (const lock of locks) {
      if (isStillHeld === undefined || !(await isStillHeld(lock.jobId, lock.token))) lock.lose();
    }
  }

  #noticeLateness(lateMs: number): void {
    const { lockDurationMs, onTrouble } = this.#options;
    if (lateMs < lockDurationMs / 4) return;
    onTrouble(
      `the event loop was blocked for ${Math.round(lateMs)} ms, and a job's lock lasts ${lockDurationMs} ms: move CPU-bound work out of this process, or raise lockDurationMs`,
      undefined,
    );
  }
}

/** BullMQ answers with job ids, so one request names each job once. */
function batches(locks: Iterable<Lock>): Lock[][] {
  const all: Map<string, Lock>[] = [];
  for (const lock of locks) {
    let batch = all.find((candidate) => !candidate.has(lock.jobId));
    if (batch === undefined) {
      batch = new Map();
      all.push(batch);
    }
    batch.set(lock.jobId, lock);
  }
  return all.map((batch) => Array.from(batch.values()));
}

interface LockOptions {
  readonly jobId: string;
  readonly token: string;
  readonly renewedAt: number;
  readonly certainMs: number;
  readonly clock: Clock;
  readonly letGo: () => void;
}

class Lock implements HeldLock {
  readonly jobId: string;
  readonly token: string;
  readonly letGo: () => void;
  readonly #clock: Clock;
  readonly #certainMs: number;
  #renewedAt: number;
  #isLost = false;
  #onLost: (() => void) | undefined;

  constructor(options: LockOptions) {
    this.jobId = options.jobId;
    this.token = options.token;
    this.letGo = options.letGo;
    this.#clock = options.clock;
    this.#certainMs = options.certainMs;
    this.#renewedAt = options.renewedAt;
  }

  get isCertain(): boolean {
    return !this.#isLost && this.#clock.monotonic() - this.#renewedAt < this.#certainMs;
  }

  onLost(listener: () => void): void {
    this.#onLost = listener;
    if (this.#isLost) listener();
  }

  renewed(sentAt: number): void {
    this.#renewedAt = Math.max(this.#renewedAt, sentAt);
  }

  lose(): void {
    this.#isLost = true;
    this.letGo();
    this.#onLost?.();
  }
}
