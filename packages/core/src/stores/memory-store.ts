import type { CommitPort, Group, GroupReply } from "../ports/commit.ts";
import type {
  ActionStateStore,
  ClaimReply,
  CreateReply,
  Delivery,
  LiveRun,
  NewRun,
  ReadOptions,
  RebuildOptions,
  Reopening,
  ReopenReply,
  RunSnapshot,
} from "../ports/store.ts";
import { type Clock, systemClock } from "../words/clock.ts";
import { CommitQueue } from "./commit-queue.ts";
import { MemoryRun, SHARD } from "./memory-run.ts";

export interface MemoryStoreOptions {
  readonly clock?: Clock;
  /** Wraps the way batches take to the journal; for tests of lost, late and repeated batches. */
  readonly wrapPort?: (port: CommitPort) => CommitPort;
}

/** Durability inside one process, and the executable specification of every other store. */
export class MemoryStore implements ActionStateStore {
  readonly #runs = new Map<string, MemoryRun>();
  readonly #clock: Clock;
  readonly #queue: CommitQueue;

  constructor(options: MemoryStoreOptions = {}) {
    const { clock = systemClock, wrapPort = (port) => port } = options;
    this.#clock = clock;
    const port: CommitPort = { send: async (batch) => batch.map((group) => this.#apply(group)) };
    this.#queue = new CommitQueue(wrapPort(port), { clock });
  }

  async create(run: NewRun): Promise<CreateReply> {
    const existing = this.#find(run.runId);
    if (existing === undefined) {
      this.#runs.set(run.runId, new MemoryRun(run, this.#clock.now()));
      return { kind: "created", shard: SHARD };
    }
    const kind = existing.compare(run);
    const { action, inputDigest } = existing.origin;
    return kind === "conflict" ? { kind, action, inputDigest } : { kind, shard: SHARD };
  }

  createMany(runs: readonly NewRun[]): Promise<readonly PromiseSettledResult<CreateReply>[]> {
    return Promise.allSettled(runs.map((run) => this.create(run)));
  }

  claim(delivery: Delivery): Promise<ClaimReply> {
    return this.#queue.claim(delivery);
  }

  async read(runId: string, options: ReadOptions = {}): Promise<RunSnapshot | undefined> {
    return this.#find(runId)?.snapshot(options.calls ?? true);
  }

  async reopen(reopening: Reopening): Promise<ReopenReply> {
    return { kind: this.#find(reopening.runId)?.reopen(reopening) ?? "missing" };
  }

  async prune(before: number): Promise<number> {
    const due = [...this.#runs].filter(([, run]) => run.isSettledBefore(before));
    for (const [runId] of due) this.#runs.delete(runId);
    return due.length;
  }

  async rebuild(options: RebuildOptions = {}): Promise<readonly LiveRun[]> {
    const { offset = 0, limit = 1000, shard = SHARD } = options;
    if (shard !== SHARD) return [];
    const live = [...this.#runs.values()].filter((run) => run.isLive);
    return live.slice(offset, offset + limit).map((run) => run.liveRun());
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  #apply(group: Group): GroupReply {
    const runId = group.kind === "claim" ? group.delivery.runId : group.runId;
    const run = this.#find(runId);
    try {
      if (group.kind === "claim") return run?.claim(group.delivery) ?? { word: "missing" };
      return run?.write(group, this.#clock.now()) ?? { word: "fenced" };
    } catch (error) {
      return { word: "refused", error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #find(runId: string): MemoryRun | undefined {
    const run = this.#runs.get(runId);
    if (run?.isExpired(this.#clock.now()) !== true) return run;
    this.#runs.delete(runId);
    return undefined;
  }
}
