import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { jobIdOf } from "@refrain/client";
import { defaultLimits, type RunSnapshot } from "@refrain/core";
import { RedisStore, ShardKeys, shardOf } from "@refrain/redis-store";
import {
  eventually,
  FaultProxy,
  keysWithoutTtl,
  RedisCluster,
  type RedisServer,
  startRedis,
} from "@refrain/testkit";
import { Queue } from "bullmq";
import { Cluster, Redis } from "ioredis";
import { type Client, createClient } from "refrain";
import { BED_QUEUE } from "./bed-action.ts";
import { BedLedger } from "./bed-ledger.ts";
import type { DriverNote } from "./events.ts";
import type { MutantName } from "./mutants.ts";
import { WorkerPlace } from "./worker-place.ts";

export interface BedOptions {
  readonly appendfsync: "always" | "everysec";
  readonly lockDurationMs: number;
  readonly slow: number;
  readonly mutant?: MutantName | undefined;
  /** Runs spread over two shards of a cluster, which is reached without proxies. */
  readonly isCluster: boolean;
}

/** Where runs are kept: one server behind a proxy, or a cluster. */
type Place =
  | { readonly server: RedisServer; readonly proxy: FaultProxy; readonly cluster?: undefined }
  | { readonly cluster: RedisCluster; readonly server?: undefined; readonly proxy?: undefined };

export const NAMESPACE = "bed";
const STALLED_INTERVAL_MS = 300;
const WORKERS = 3;
const PATIENCE_MS = 90_000;

/**
 * One real server, or a cluster; three places for worker processes and a client, where there is one server all but the looks
 * behind proxies; and one ledger.
 */
export class Bed implements AsyncDisposable {
  readonly place: Place;
  readonly places: readonly WorkerPlace[];
  readonly shards: number;
  readonly client: Client;
  readonly dir: string;
  /** For looking, and for what an operator does. */
  readonly #redis: Redis | Cluster;
  readonly #queues: readonly Queue[];
  readonly #ledger: BedLedger;
  #release = 1;

  private constructor(place: Place, places: readonly WorkerPlace[], shards: number, dir: string) {
    this.place = place;
    this.places = places;
    this.shards = shards;
    this.dir = dir;
    this.#ledger = new BedLedger(path.join(dir, "ledger"), "driver");
    this.#redis =
      place.cluster === undefined
        ? new Redis(place.server.url, { maxRetriesPerRequest: null })
        : new Cluster(place.cluster.seeds, { redisOptions: { maxRetriesPerRequest: null } });
    this.#redis.on("error", () => {});
    const connection = place.cluster === undefined ? place.proxy.url : (this.#redis as Cluster);
    this.client = createClient({ connection, namespace: NAMESPACE, shards });
    this.#queues = Array.from({ length: shards }, (_, shard) => {
      const { prefix } = new ShardKeys(NAMESPACE, shard);
      const queue = new Queue(BED_QUEUE, {
        connection: this.#redis,
        prefix,
        skipMetasUpdate: true,
      });
      return queue.on("error", () => {});
    });
  }

  static async open(options: BedOptions): Promise<Bed> {
    const { appendfsync, lockDurationMs, slow, mutant, isCluster } = options;
    const dir = await mkdtemp(path.join(os.tmpdir(), "refrain-bed-"));
    const place = isCluster
      ? { cluster: await RedisCluster.start() }
      : await oneServer(appendfsync);
    const shards = isCluster ? 2 : 1;
    const settings = {
      dir,
      namespace: NAMESPACE,
      shards,
      seeds: place.cluster?.seeds,
      ledger: path.join(dir, "ledger"),
      lockDurationMs,
      stalledIntervalMs: STALLED_INTERVAL_MS * slow,
      mutant,
    };
    const places = await Promise.all(
      Array.from({ length: WORKERS }, (_, index) =>
        WorkerPlace.open(index, place.server?.port, settings),
      ),
    );
    const bed = new Bed(place, places, shards, dir);
    for (const worker of places) worker.start(bed.version);
    return bed;
  }

  get version(): string {
    return `r${this.#release}`;
  }

  /** The release that workers started from here on have. */
  bumpVersion(): void {
    this.#release += 1;
  }

  note(note: DriverNote): void {
    this.#ledger.write(note);
  }

  get cuts(): number {
    return [this.place.proxy, ...this.places.map(({ proxy }) => proxy)].reduce(
      (sum, proxy) => sum + (proxy?.cuts ?? 0),
      0,
    );
  }

  /** The queue that a run's job is in. */
  queueOf(runId: string): Queue {
    const queue = this.#queues[shardOf(runId, this.shards)];
    if (queue === undefined) throw new Error(`run ${runId} has no queue`);
    return queue;
  }

  /** How often a node of the cluster sent somebody elsewhere, or told him to wait. */
  async redirections(): Promise<number> {
    const { cluster } = this.place;
    if (cluster === undefined) return 0;
    const counts = await Promise.all(
      ["MOVED", "ASK", "TRYAGAIN"].map((code) => cluster.errors(code)),
    );
    return counts.reduce((sum, count) => sum + count);
  }

  async flushScripts(): Promise<void> {
    await Promise.all(this.#nodes().map((node) => node.script("FLUSH")));
  }

  /** Keys that will stay for ever although nobody needs them. */
  async leaks(): Promise<string[]> {
    const leaks = await Promise.all(
      this.#nodes().map((node) => keysWithoutTtl(node, NAMESPACE, { queues: [BED_QUEUE] })),
    );
    return leaks.flat();
  }

  #nodes(): readonly Redis[] {
    return this.#redis instanceof Cluster ? this.#redis.nodes("master") : [this.#redis];
  }

  /** What the ledger holds, from its beginning. */
  history(): ReturnType<BedLedger["readNew"]> {
    const reader = new BedLedger(path.join(this.dir, "ledger"), "reader");
    const events = reader.readNew();
    reader.close();
    return events;
  }

  async untilReady(): Promise<void> {
    const reader = new BedLedger(path.join(this.dir, "ledger"), "reader");
    const ready = new Set<string>();
    await eventually(
      () => {
        for (const event of reader.readNew()) if (event.kind === "ready") ready.add(event.by);
        const missing = this.places.filter(({ by }) => !ready.has(by));
        if (missing.length === 0) return;
        throw new Error(`workers are not ready: ${missing.map(({ by }) => by).join(", ")}`);
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 50 },
    );
    reader.close();
  }

  /** Waits until BullMQ has nothing left to do, and says in what state each run's job is. */
  async jobStates(runIds: readonly string[], timeoutMs: number): Promise<Map<string, string>> {
    const states = new Map<string, string>();
    await eventually(
      async () => {
        for (const runId of runIds) {
          const job = await this.queueOf(runId).getJob(jobIdOf(runId));
          states.set(runId, job === undefined ? "none" : await job.getState());
        }
        const open = [...states].filter(
          ([, state]) => !["none", "completed", "failed"].includes(state),
        );
        if (open.length > 0) throw new Error(`jobs are not finished: ${open.join("; ")}`);
      },
      { timeoutMs, intervalMs: 200 },
    ).catch(() => {});
    return states;
  }

  async read(runId: string): Promise<RunSnapshot | undefined> {
    const { shards } = this;
    const store = new RedisStore({
      redis: this.#redis,
      namespace: NAMESPACE,
      shards,
      limits: defaultLimits,
    });
    return store.read(runId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.places.map((place) => place.end()));
    await Promise.race([this.client.close(), pause(5000)]);
    await Promise.allSettled(this.#queues.map((queue) => queue.close()));
    this.#redis.disconnect();
    await this.place.proxy?.close();
    await this.place.server?.stop();
    await this.place.cluster?.[Symbol.asyncDispose]();
    this.#ledger.close();
  }

  /** Removes what the bed leaves behind for those who want to know what happened. */
  async forget(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function oneServer(appendfsync: "always" | "everysec"): Promise<Place> {
  const server = await startRedis({ appendfsync });
  return { server, proxy: await FaultProxy.start({ port: server.port }) };
}
