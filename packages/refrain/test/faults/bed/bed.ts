import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { jobIdOf } from "@refrain/client";
import { defaultLimits, type RunSnapshot } from "@refrain/core";
import { RedisStore } from "@refrain/redis-store";
import { eventually, FaultProxy, type RedisServer, startRedis } from "@refrain/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
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
}

export const NAMESPACE = "bed";
const STALLED_INTERVAL_MS = 300;
const WORKERS = 3;
const PATIENCE_MS = 90_000;

/** One real server, three places for worker processes and a client, all but the looks behind proxies; and one ledger. */
export class Bed implements AsyncDisposable {
  readonly server: RedisServer;
  readonly places: readonly WorkerPlace[];
  readonly clientProxy: FaultProxy;
  readonly client: Client;
  /** For looking, and for what an operator does. */
  readonly redis: Redis;
  readonly queue: Queue;
  readonly dir: string;
  readonly #ledger: BedLedger;
  #release = 1;

  private constructor(
    server: RedisServer,
    places: readonly WorkerPlace[],
    clientProxy: FaultProxy,
    dir: string,
  ) {
    this.server = server;
    this.places = places;
    this.clientProxy = clientProxy;
    this.dir = dir;
    this.#ledger = new BedLedger(path.join(dir, "ledger"), "driver");
    this.client = createClient({ connection: clientProxy.url, namespace: NAMESPACE });
    this.redis = new Redis(server.url, { maxRetriesPerRequest: null });
    this.redis.on("error", () => {});
    this.queue = new Queue(BED_QUEUE, {
      connection: this.redis,
      prefix: `{${NAMESPACE}:0}`,
      skipMetasUpdate: true,
    });
    this.queue.on("error", () => {});
  }

  static async open(options: BedOptions): Promise<Bed> {
    const { appendfsync, lockDurationMs, slow, mutant } = options;
    const dir = await mkdtemp(path.join(os.tmpdir(), "refrain-bed-"));
    const server = await startRedis({ appendfsync });
    const settings = {
      dir,
      namespace: NAMESPACE,
      ledger: path.join(dir, "ledger"),
      lockDurationMs,
      stalledIntervalMs: STALLED_INTERVAL_MS * slow,
      mutant,
    };
    const places = await Promise.all(
      Array.from({ length: WORKERS }, (_, index) => WorkerPlace.open(index, server.port, settings)),
    );
    const bed = new Bed(server, places, await FaultProxy.start({ port: server.port }), dir);
    for (const place of places) place.start(bed.version);
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
    return [this.clientProxy, ...this.places.map(({ proxy }) => proxy)].reduce(
      (sum, proxy) => sum + proxy.cuts,
      0,
    );
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
          const job = await this.queue.getJob(jobIdOf(runId));
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
    const { redis } = this;
    const store = new RedisStore({ redis, namespace: NAMESPACE, shards: 1, limits: defaultLimits });
    return store.read(runId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.places.map((place) => place.end()));
    await Promise.race([this.client.close(), pause(5000)]);
    await this.queue.close().catch(() => {});
    this.redis.disconnect();
    await this.clientProxy.close();
    await this.server.stop();
    this.#ledger.close();
  }

  /** Removes what the bed leaves behind for those who want to know what happened. */
  async forget(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
