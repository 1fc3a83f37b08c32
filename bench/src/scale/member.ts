import { createWorker, type Worker } from "refrain";
import { connectionOf } from "../connection.ts";
import { makeCalls } from "../order.ts";
import { bench } from "../refrain.ts";
import { CONCURRENCY, type Place } from "../system.ts";

/** When things happened to a run, in milliseconds since 1970: the clock that all processes of a machine share. */
export interface RunTimes {
  readonly arrivedAt: number;
  readonly beganAt: number;
  readonly settledAt: number;
}

/** What a member of the pool did since it was asked before. */
export interface Tally {
  readonly runs: readonly RunTimes[];
  readonly cpuUs: number;
  /** What it takes now, bytes. */
  readonly rss: number;
}

/** One worker process of a pool, seen from inside. */
export class Member {
  readonly #worker: Worker;
  readonly #beganAt = new Map<string, number>();
  #runs: RunTimes[] = [];
  #cpu: NodeJS.CpuUsage = process.cpuUsage();

  private constructor(place: Place) {
    const { namespace, shards = 1 } = place;
    this.#worker = createWorker({
      connection: connectionOf(place),
      namespace,
      shards,
      concurrency: CONCURRENCY,
      actions: [
        bench.implement((ctx, order) => {
          this.#beganAt.set(ctx.runId, clockMs());
          return makeCalls(ctx, order);
        }),
      ],
    });
    this.#worker.on("settled", ({ runId }) => this.#settled(runId));
  }

  static async join(place: Place): Promise<Member> {
    const member = new Member(place);
    await member.#worker.ready();
    return member;
  }

  tally(): Tally {
    const { user, system } = process.cpuUsage(this.#cpu);
    const tally = { runs: this.#runs, cpuUs: user + system, rss: process.memoryUsage.rss() };
    this.#runs = [];
    this.#cpu = process.cpuUsage();
    return tally;
  }

  leave(): Promise<void> {
    return this.#worker.close();
  }

  #settled(runId: string): void {
    const beganAt = this.#beganAt.get(runId) ?? Number.NaN;
    this.#beganAt.delete(runId);
    this.#runs.push({ arrivedAt: arrivalOf(runId), beganAt, settledAt: clockMs() });
  }
}

/** A run id that says when its run arrived. */
export function arrivingRunId(index: number): string {
  return `${clockMs().toFixed(2)}-${index}`;
}

function arrivalOf(runId: string): number {
  return Number(runId.split("-")[0]);
}

export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}
