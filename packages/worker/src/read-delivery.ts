import { readJobData, runIdOf } from "@refrain/client";
import { type Delivery, newNonce } from "@refrain/core";

/** What of a BullMQ job tells one delivery from another. */
export interface DeliveredJob {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly data: unknown;
  readonly timestamp: number;
  readonly attemptsStarted: number;
}

/**
 * The delivery that a job stands for; undefined for a husk. BullMQ makes husks when a job's hash is deleted while the job
 * waits or runs: a job without a name, and with no data. Data that speaks of another run or action than the job's own id and
 * name was put there by somebody else.
 */
export function readDelivery(
  job: DeliveredJob,
  queue: string,
  shard?: number,
): Delivery | undefined {
  const data = readJobData(job.data);
  if (data === undefined || job.id === undefined || !job.name) return undefined;
  if (data.runId !== runIdOf(job.id) || data.action !== job.name) return undefined;
  if (!Number.isFinite(job.timestamp) || !Number.isFinite(job.attemptsStarted)) return undefined;
  return {
    runId: data.runId,
    action: data.action,
    queue,
    // BullMQ's token names a slot of a worker and comes back with later jobs: it tells nothing apart.
    nonce: newNonce(),
    jobTimestamp: job.timestamp,
    attemptsStarted: job.attemptsStarted,
    incarnation: data.incarnation,
    shard,
  };
}
