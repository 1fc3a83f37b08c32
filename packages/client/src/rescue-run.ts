import { type ActionStateStore, isSettledStatus, type LiveRun } from "@refrain/core";
import type { Queue } from "bullmq";
import { addAgain, isLost, type LostJob } from "./add-again.ts";
import type { JobData } from "./job.ts";
import { jobIdOf } from "./job-id.ts";

export interface RescueOptions {
  readonly store: Pick<ActionStateStore, "read">;
  readonly queueOf: (run: LiveRun) => Promise<Queue<JobData>>;
  /** The server's time, epoch milliseconds. */
  readonly now: number;
  /** The run's job should not simply be waiting, so it is looked for in BullMQ's lists: see `overdueRuns`. */
  readonly isOverdue: boolean;
  /** How long the job of a run that somebody still seems to work at waits: as long as locks last. */
  readonly handOverMs: number;
}

/**
 * Looks whether a run that was live a moment ago has a job that will be delivered, and adds it anew where it has none.
 *
 * @returns what was wrong with its job; undefined when nothing was
 */
export async function rescueRun(
  run: LiveRun,
  { store, queueOf, now, isOverdue, handOverMs }: RescueOptions,
): Promise<LostJob | undefined> {
  const queue = await queueOf(run);
  // The state tells more, but BullMQ finds that of a waiting job by walking through the queue's list.
  const isThere = isOverdue ? await isInPlace(queue, run) : await isUnfinished(queue, run);
  if (isThere) return undefined;
  // A job finishes after its run has settled: what is still live now was so when its job was finished or gone.
  const record = await store.read(run.runId, { calls: false, shard: run.shard });
  if (record === undefined || isSettledStatus(record.status)) return undefined;
  const { incarnation, notBefore = 0, priority } = record;
  // Its attempt may be alive: it learns that the lock is gone, and must have ended before another one begins.
  const delayMs = Math.max(notBefore - now, record.status === "RUNNING" ? handOverMs : 0, 0);
  const { runId, action, version } = run;
  return addAgain(queue, { runId, action, version, incarnation, delayMs, priority });
}

async function isInPlace(queue: Queue<JobData>, { runId }: LiveRun): Promise<boolean> {
  return !isLost(await queue.getJobState(jobIdOf(runId)));
}

async function isUnfinished(queue: Queue<JobData>, { runId }: LiveRun): Promise<boolean> {
  const job = await queue.getJob(jobIdOf(runId));
  return job !== undefined && job.finishedOn === undefined;
}
