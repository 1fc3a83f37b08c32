import { type JobData, jobIdOf, jobOptionsOf } from "@refrain/client";
import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Work } from "./contenders.ts";
import { CONCURRENCY, type Place } from "./system.ts";

/*
 * BullMQ as the peers use it. Jobs have the options, ids and data that Refrain gives its own, and workers its settings, with
 * one difference: Refrain renews locks itself, the peers leave that to BullMQ. No sample lasts long enough for a renewal.
 */

const QUEUE = "default";
const CHUNK = 500;

export interface PeerJob extends JobData, Work {}

export type NewJob = Parameters<Queue<PeerJob>["addBulk"]>[0][number];

export async function addJobs(place: Place, runs: number, work: Work): Promise<void> {
  const { queue, close } = openQueue(place);
  for (let from = 0; from < runs; from += CHUNK) {
    const length = Math.min(CHUNK, runs - from);
    await queue.addBulk(Array.from({ length }, (_, offset) => jobOf(from + offset, work)));
  }
  await close();
}

export function openQueue(place: Place): {
  readonly queue: Queue<PeerJob>;
  readonly close: () => Promise<void>;
} {
  const redis = new Redis(place.redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue<PeerJob>(QUEUE, {
    connection: redis,
    prefix: prefixOf(place),
    streams: { events: { maxLen: 1000 } },
  });
  const close = async (): Promise<void> => {
    await queue.close();
    redis.disconnect();
  };
  return { queue, close };
}

/** The job that Refrain adds for a run of the same name. */
export function jobOf(index: number, work: Work): NewJob {
  const runId = `order-${index}`;
  const { calls, isReconcilable } = work;
  const fixed = { action: "bench", incarnation: 0, preview: "" };
  const data: PeerJob = { runId, ...fixed, calls, isReconcilable };
  return { name: "bench", data, opts: { ...jobOptionsOf(runId, {}), jobId: jobIdOf(runId) } };
}

/** Starts a worker; resolves to how to stop it. */
export async function startBullWorker(
  place: Place,
  process: (job: Job<PeerJob>) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const redis = new Redis(place.redisUrl, { maxRetriesPerRequest: null });
  const worker = new Worker<PeerJob>(QUEUE, (job) => process(job), {
    connection: redis,
    prefix: prefixOf(place),
    concurrency: CONCURRENCY,
    lockDuration: 15_000,
    stalledInterval: 5000,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy: () => 1000 },
    runRetryDelay: 1000,
  });
  worker.on("error", (error) => console.error(error));
  await worker.waitUntilReady();
  return async () => {
    await worker.close();
    redis.disconnect();
  };
}

export function prefixOf({ namespace }: Place, shard = 0): string {
  return `{${namespace}:${shard}}`;
}
