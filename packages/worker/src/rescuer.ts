import type { LostJob } from "@refrain/client";
import type { ActionStateStore, Clock, LiveRun } from "@refrain/core";

export interface RescuerOptions {
  readonly shard: number;
  readonly store: Pick<ActionStateStore, "rebuild">;
  /** Asks for the lease of the shard's rescuer, or to keep it: of all workers, one is to look. */
  readonly lead: (shard: number, forMs: number) => Promise<boolean>;
  /** The server's time, epoch milliseconds. */
  readonly now: () => Promise<number>;
  /** Those of a page whose jobs are to be looked for in BullMQ's lists. */
  readonly overdue: (runs: readonly LiveRun[]) => Promise<ReadonlySet<LiveRun>>;
  /** Adds the run's job anew if it has none, and says what was wrong with it. */
  readonly rescue: (run: LiveRun, look: Look) => Promise<LostJob | undefined>;
  /** From the end of one pass through all live runs to the next, about. */
  readonly everyMs: number;
  /** Younger runs are left alone: their clients may be about to add their jobs. */
  readonly minAgeMs: number;
  readonly clock: Clock;
  readonly onRescued: (rescued: readonly Rescued[]) => void;
  /** Once, until a whole pass went well again. */
  readonly onTrouble: (error: unknown) => void;
}

export interface Look {
  /** The server's time, epoch milliseconds. */
  readonly now: number;
  readonly isOverdue: boolean;
}

export interface Rescued {
  readonly run: LiveRun;
  /** What had become of its job. */
  readonly job: LostJob;
}

/** Looks at this many jobs at once, and at 1,000 in a second: one or two percent of what a server can do. */
const PAGE = 100;
const PAGE_MS = 100;

/**
 * Sees to it that every live run of a shard has a job in its queue. Jobs are lost when a client dies between a run and its
 * job, when somebody removes or obliterates what he sees in the queue, and when a job was spoilt and failed.
 */
export class Rescuer {
  readonly #options: RescuerOptions;
  #isStopped = false;
  #isTroubled = false;
  #hadTrouble = false;
  #cancelTimer: () => void = () => {};

  /** It begins after a random part of its interval. */
  constructor(options: RescuerOptions) {
    this.#options = options;
    this.#schedule(options.everyMs * Math.random());
  }

  /** Nothing is begun any more. What is under way may end later. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  #schedule(ms: number): void {
    if (this.#isStopped) return;
    this.#cancelTimer = this.#options.clock.timer(ms, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    this.#hadTrouble = false;
    try {
      await this.#pass();
    } catch (error) {
      this.#trouble(error);
    }
    this.#isTroubled = this.#hadTrouble;
    this.#schedule(this.#options.everyMs * (0.75 + Math.random() / 2));
  }

  /** Oldest first: whoever moves up to a place already passed while younger runs settle is seen the next time. */
  async #pass(): Promise<void> {
    const { shard, store, lead, everyMs, clock } = this.#options;
    for (let offset = 0; !this.#isStopped; offset += PAGE) {
      const startedAt = clock.monotonic();
      if (!(await lead(shard, 2 * everyMs))) return;
      const page = await store.rebuild({ shard, offset, limit: PAGE });
      if (page.length === 0) return;
      await this.#look(page);
      await this.#rest(startedAt + PAGE_MS - clock.monotonic());
    }
  }

  async #look(page: readonly LiveRun[]): Promise<void> {
    const { minAgeMs, onRescued } = this.#options;
    const now = await this.#options.now();
    const old = page.filter(({ createdAt }) => now - createdAt >= minAgeMs);
    const overdue = await this.#options.overdue(old);
    const looks = await Promise.all(
      old.map((run) => this.#rescue(run, { now, isOverdue: overdue.has(run) })),
    );
    const rescued = looks.flatMap((look) => look ?? []);
    if (rescued.length > 0) onRescued(rescued);
  }

  async #rescue(run: LiveRun, look: Look): Promise<Rescued | undefined> {
    try {
      const job = await this.#options.rescue(run, look);
      return job === undefined ? undefined : { run, job };
    } catch (error) {
      // One run that cannot be looked at keeps nobody from the others.
      this.#trouble(error);
      return undefined;
    }
  }

  #trouble(error: unknown): void {
    if (this.#isStopped) return;
    if (!this.#isTroubled) this.#options.onTrouble(error);
    this.#isTroubled = true;
    this.#hadTrouble = true;
  }

  #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.timer(ms, resolve);
      this.#cancelTimer = () => {
        cancel();
        resolve();
      };
    });
  }
}
