import type { DurabilityLevel, Layout, PossibleLoss } from "@refrain/redis-store";

/** What `refrain doctor --json` prints. Fields are added, never renamed or taken away, within a major version. */
export interface Diagnosis {
  readonly address: string;
  /** Of a cluster: one of its masters, as are `durability` and `clock`. */
  readonly server: ServerFacts;
  readonly durability: DurabilityFacts;
  /** Undefined when the user may not ask. */
  readonly clock: ClockFacts | undefined;
  /** Undefined when the server is not of a cluster. */
  readonly cluster: { readonly masters: readonly NodeFacts[] } | undefined;
  readonly access: AccessFacts;
  /** Undefined when the user may not look at it. */
  readonly namespace: NamespaceFacts | undefined;
  readonly problems: readonly Problem[];
}

export interface NodeFacts {
  readonly address: string;
  readonly server: ServerFacts;
  readonly durability: DurabilityFacts;
  /** Undefined when the user may not ask. */
  readonly clock: ClockFacts | undefined;
}

export interface Problem {
  readonly severity: "error" | "warning";
  readonly problem: string;
  readonly fix: string;
}

export interface ServerFacts {
  readonly product: string;
  readonly version: string;
  readonly mode: string;
  readonly role: string;
  readonly replicas: number;
  readonly uptimeSeconds: number;
  readonly usedMemoryBytes: number;
  /** 0: as much as the machine has. */
  readonly maxMemoryBytes: number;
  readonly evictionPolicy: string;
  /** How often a second the server looks at its timers; a delayed run begins up to 1/hz late. */
  readonly hz: number;
}

export interface DurabilityFacts {
  readonly level: DurabilityLevel;
  /** "unknown" where the user may not ask for it. */
  readonly appendfsync: string;
  readonly loss: PossibleLoss;
  readonly lastAofWrite: string;
  readonly lastSnapshot: string;
  /** Epoch seconds; the server's start when there was none since. */
  readonly lastSnapshotAt: number;
}

export interface ClockFacts {
  /** How far the server's clock is ahead of this machine's. */
  readonly aheadMs: number;
  /** By how much that may be wrong: half of the fastest round trip. */
  readonly uncertaintyMs: number;
}

export interface AccessFacts {
  readonly user: string;
  /** What the user lacks of acl/worker.acl, as rules that would grant it. */
  readonly lacksForWorker: readonly string[];
  /** What it lacks of acl/viewer.acl. */
  readonly lacksForViewer: readonly string[];
}

export interface NamespaceFacts {
  readonly name: string;
  /** Undefined when nobody has used the namespace yet. */
  readonly layout: Layout | undefined;
  readonly liveRuns: number;
  readonly oldestLiveRun: OldestRun | undefined;
  readonly queues: readonly QueueFacts[];
  readonly withoutJob: WithoutJob;
}

export interface OldestRun {
  readonly runId: string;
  readonly action: string;
  readonly ageMs: number;
}

export interface QueueFacts {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly isPaused: boolean;
  /** A worker has looked after the queue within its `stalledIntervalMs`, in one shard at least. */
  readonly hasWorker: boolean;
  /** The shards in which jobs of the queue wait and no worker has looked after it. */
  readonly shardsWithoutWorker: readonly number[];
}

/** Live runs whose job is absent or finished, among the oldest ones. */
export interface WithoutJob {
  readonly lookedAt: number;
  readonly runIds: readonly string[];
}
