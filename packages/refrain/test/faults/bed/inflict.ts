import { setTimeout as pause } from "node:timers/promises";
import { jobIdOf } from "@refrain/client";
import { ShardKeys } from "@refrain/redis-store";
import type { FaultProxy } from "@refrain/testkit";
import type { Exit } from "../../support/child.ts";
import { type Bed, NAMESPACE } from "./bed.ts";
import type { Fault } from "./schedule.ts";
import type { WorkerPlace } from "./worker-place.ts";

const DRAIN_PATIENCE_MS = 8000;
/** How long a cut waits for a command to bite at. */
const PATIENCE_MS = 2000;

/** What faults came to. */
export class Toll {
  kills = 0;
  stops = 0;
  lateCopies = 0;
  redisKills = 0;
  redisStops = 0;
  flushes = 0;
  lostJobs = 0;
  deploys = 0;
  migrations = 0;
  /** Workers that were told to close and did not end by themselves, or not well. */
  readonly badExits: { readonly by: string; readonly text: string }[] = [];
}

/** Brings faults about, one after the other; what takes long goes on beside the next. */
export class Inflictor {
  readonly toll = new Toll();
  readonly #bed: Bed;
  /** Runs that may still have a job. */
  readonly #openRuns: () => readonly string[];
  readonly #pending = new Set<Promise<void>>();
  #migrating: Promise<void> = Promise.resolve();

  constructor(bed: Bed, openRuns: () => readonly string[]) {
    this.#bed = bed;
    this.#openRuns = openRuns;
  }

  /** Brings all of them about, and makes everything well again. */
  async inflictAll(faults: readonly Fault[]): Promise<void> {
    for (const fault of faults) {
      await pause(fault.afterMs);
      const going = this.#inflict(fault).finally(() => this.#pending.delete(going));
      this.#pending.add(going);
      // A server that is gone or stands still has no other trouble meanwhile.
      if (fault.kind === "kill-redis" || fault.kind === "stop-redis") await going;
    }
    await Promise.all(this.#pending);
    for (const { proxy } of this.#bed.places) proxy?.heal();
    this.#bed.place.proxy?.heal();
    this.#bed.note({ kind: "healed", name: "all" });
  }

  async #inflict(fault: Fault): Promise<void> {
    const { kind, afterMs: _, ...details } = fault;
    const place = "worker" in fault ? this.#bed.places[fault.worker] : undefined;
    const where = place === undefined ? { name: kind } : { name: kind, on: place.by };
    this.#bed.note({ kind: "fault", ...where, text: JSON.stringify(details) });
    await this.#bringAbout(fault, place);
    this.#bed.note({ kind: "healed", ...where });
  }

  async #bringAbout(fault: Fault, place: WorkerPlace | undefined): Promise<void> {
    switch (fault.kind) {
      case "kill":
        return place && this.#kill(place);
      case "stop":
        return place && this.#stop(place, fault.ms);
      case "late-copy":
        return place && this.#lateCopy(place, fault.match, fault.ms);
      case "cut":
        return cut(place?.proxy, fault);
      case "cut-client":
        return cut(this.#bed.place.proxy, fault);
      case "kill-redis":
        this.toll.redisKills += 1;
        return this.#bed.place.server?.restart();
      case "stop-redis":
        return this.#stopRedis(fault.ms);
      case "flush-scripts":
        this.toll.flushes += 1;
        return this.#bed.flushScripts();
      case "migrate":
        this.#migrating = this.#migrating.then(() => this.#migrate(fault));
        return this.#migrating;
      case "lose-job":
        return this.#loseJob(fault.pick);
      case "deploy":
        return this.#deploy();
    }
  }

  async #kill(place: WorkerPlace): Promise<void> {
    this.toll.kills += 1;
    await place.kill();
    place.start(this.#bed.version);
  }

  async #stop(place: WorkerPlace, ms: number): Promise<void> {
    if (place.isStopped) return;
    this.toll.stops += 1;
    const { by } = place;
    place.stop();
    await pause(ms);
    if (place.by === by) place.wake();
  }

  /** The reply to a batch is lost, and the process stands still before it learns of that. */
  async #lateCopy(place: WorkerPlace, match: string, ms: number): Promise<void> {
    const { by, proxy, isStopped } = place;
    if (isStopped || proxy === undefined) return;
    const isCut = proxy.nextCut().then(() => true);
    proxy.cutAfter(match);
    if (!(await Promise.race([isCut, pause(PATIENCE_MS, false)])) || place.by !== by) return;
    this.toll.lateCopies += 1;
    await this.#stop(place, ms);
  }

  async #stopRedis(ms: number): Promise<void> {
    this.toll.redisStops += 1;
    this.#bed.place.server?.pause();
    await pause(ms);
    this.#bed.place.server?.resume();
  }

  /** A shard's slot goes to another master, and is half moved for a while. */
  async #migrate({ shard, to, ms }: Fault & { readonly kind: "migrate" }): Promise<void> {
    const { cluster } = this.#bed.place;
    if (cluster === undefined) return;
    const slot = await cluster.slotOf(new ShardKeys(NAMESPACE, shard % this.#bed.shards).live);
    const owner = await cluster.ownerOf(slot);
    const others = cluster.servers.filter((server) => server !== owner);
    const target = others[to % others.length];
    if (target === undefined) return;
    await cluster.migrateSlot(slot, target, { between: () => pause(ms) });
    this.toll.migrations += 1;
  }

  async #loseJob(pick: number): Promise<void> {
    const runs = this.#openRuns();
    for (let n = 0; n < runs.length; n++) {
      const runId = runs[(pick + n) % runs.length] ?? "";
      const job = await this.#bed.queueOf(runId).getJob(jobIdOf(runId));
      if (job === undefined) continue;
      // BullMQ refuses to remove the job of a worker that has it.
      const isRemoved = await job.remove().then(
        () => true,
        () => false,
      );
      if (!isRemoved) continue;
      // The rescuer finds the run, and adds its job anew.
      this.toll.lostJobs += 1;
      return;
    }
  }

  async #deploy(): Promise<void> {
    this.toll.deploys += 1;
    this.#bed.bumpVersion();
    for (const place of this.#bed.places) {
      const { by, isStopped } = place;
      const exit = await place.close(DRAIN_PATIENCE_MS);
      // Who is killed or stands still meanwhile ends no other way.
      const isExcused = exit === undefined || isStopped || place.isStopped || place.by !== by;
      if (!isExcused && exit.code !== 0) {
        this.toll.badExits.push({ by, text: exitText(exit) });
      }
      if (place.by === by) place.start(this.#bed.version);
    }
  }
}

/** How a process ended that was told to close. */
export function exitText({ code, signal, output }: Exit): string {
  return `it was told to close, and ended with ${code ?? signal}: ${output.slice(0, 500)}`;
}

async function cut(
  proxy: FaultProxy | undefined,
  order: {
    readonly when: "before" | "after" | "late";
    readonly match: string;
    readonly ms: number;
  },
): Promise<void> {
  if (proxy === undefined) return;
  if (order.when === "before") return proxy.cutBefore(order.match);
  if (order.when === "after") return proxy.cutAfter(order.match);
  const isCut = proxy.nextCut().then(() => true);
  proxy.cutLate(order.match);
  if (!(await Promise.race([isCut, pause(PATIENCE_MS, false)]))) return;
  await pause(order.ms);
  // The server may be gone, and its answer with it.
  await Promise.race([proxy.arrive().catch(() => {}), pause(PATIENCE_MS)]);
}
