import { type ActionStateStore, isSettledStatus, type LiveRun } from "@refrain/core";
import type { Queue } from "bullmq";
import { addAgain, type LostJob } from "./add-again.ts";
import type { JobData } from "./job.ts";
import { jobIdOf } from "./job-id.ts";

export interface RescueOptions {
  readonly store: Pick<ActionStateStore, "read">;
  readonly queueOf: (run: LiveRun) => Promise<Queue<JobData>>;
  /** The server's time, epoch milliseconds. */
  readonly now: number;
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
  { store, queueOf, now, handOverMs }: RescueOptions,
): Promise<LostJob | undefined> {
  const queue = await queueOf(run);
  // The state would tell more, but BullMQ finds it by walking through the queue's list of waiting jobs.
  const job = await queue.getJob(jobIdOf(run.runId));
  if (job !== undefined && job.finishedOn === undefined) return undefined;
  // A job finishes after its run has settled: what is still live now was so when its job was finished or gone.
  const record = await store.read(run.runId, { calls: false });
  if (record === undefined || isSettledStatus(record.status)) return undefined;
  const { incarnation, notBefore = 0, priority } = record;
  // Its attempt may be alive: it learns that the lock is gone, and must have ended before another one begins.
  const delayMs = Math.max(notBefore - now, record.status === "RUNNING" ? handOverMs : 0, 0);
  const { runId, action, version } = run;
  return addAgain(queue, { runId, action, version, incarnation, delayMs, priority });
}
