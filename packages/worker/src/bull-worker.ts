import { type Job, Worker } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { retryDelayMs } from "./decide-finish.ts";

export interface BullWorkerOptions {
  readonly queue: string;
  readonly prefix: string;
  readonly redis: Redis | Cluster;
  readonly concurrency: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly process: (job: Job, token: string) => Promise<unknown>;
  readonly onError: (error: Error) => void;
}

/** One BullMQ worker: one queue of one shard. It does nothing before `run`. */
export function bullWorker(options: BullWorkerOptions): Worker {
  const { queue, prefix, redis, concurrency, lockDurationMs, stalledIntervalMs } = options;
  const worker = new Worker(queue, (job, token) => options.process(job, token ?? ""), {
    connection: redis,
    prefix,
    autorun: false,
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: stalledIntervalMs,
    // Our own keeper renews, and aborts what it lost.
    skipLockRenewal: true,
    // A crash is no reason to give up on a run; what only ever crashes is found in the journal.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy: () => retryDelayMs(Math.random()) },
    runRetryDelay: 1000,
    // For jobs that are not ours, which say nothing about themselves.
    removeOnComplete: { count: 1000 },
    removeOnFail: { count: 1000 },
  });
  worker.on("error", options.onError);
  return worker;
}
