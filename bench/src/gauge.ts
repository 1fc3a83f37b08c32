import type { Redis } from "ioredis";
import { serverCpuUs } from "./server-cpu.ts";
import type { Progress } from "./system.ts";

/** What the runs of one sample cost, from the moment the last one that does not count ended. */
export interface Sample {
  readonly runs: number;
  readonly seconds: number;
  readonly workerCpuUs: number;
  readonly serverCpuUs: number;
}

/** How long a sample is. */
export interface Length {
  /** Runs before those that count, by the same worker: a new one compiles as it goes, which one that lives for days does not. Default 0. */
  readonly warmUp?: number | undefined;
  readonly runs: number;
}

/** Takes the time and the CPU time of this process and of the server. */
export class Gauge implements Progress {
  readonly sample: Promise<Sample>;
  readonly #redis: Redis;
  readonly #warmUp: number;
  readonly #runs: number;
  #atStart: Reading | undefined;
  #ended = 0;
  #resolve: (sample: Promise<Sample>) => void = () => {};

  /** @param redis a connection of its own: reading it must not wait for the work */
  constructor(redis: Redis, { warmUp = 0, runs }: Length) {
    this.#redis = redis;
    this.#warmUp = warmUp;
    this.#runs = runs;
    this.sample = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  began(): void {
    if (this.#ended >= this.#warmUp) this.#atStart ??= readingOf(this.#redis);
  }

  ended(): void {
    this.#ended += 1;
    if (this.#ended === this.#warmUp) this.#atStart ??= readingOf(this.#redis);
    if (this.#ended === this.#warmUp + this.#runs && this.#atStart !== undefined) {
      this.#resolve(difference(this.#atStart, readingOf(this.#redis), this.#runs));
    }
  }
}

interface Reading {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly serverCpuUs: Promise<number>;
}

function readingOf(redis: Redis): Reading {
  return { at: performance.now(), cpu: process.cpuUsage(), serverCpuUs: serverCpuUs(redis) };
}

async function difference(start: Reading, end: Reading, runs: number): Promise<Sample> {
  const [serverStart, serverEnd] = await Promise.all([start.serverCpuUs, end.serverCpuUs]);
  return {
    runs,
    seconds: (end.at - start.at) / 1000,
    workerCpuUs: end.cpu.user + end.cpu.system - start.cpu.user - start.cpu.system,
    serverCpuUs: serverEnd - serverStart,
  };
}
