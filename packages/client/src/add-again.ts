import type { Queue } from "bullmq";
import { type JobData, type JobTiming, jobDataOf, jobOptionsOf, readJobData } from "./job.ts";
import { jobIdOf } from "./job-id.ts";

/** A live run, as far as its job is concerned. */
export interface RunOfJob extends JobTiming {
  readonly runId: string;
  readonly action: string;
  readonly version: string;
  /** Of the last job that was claimed, as the run's record has it. */
  readonly incarnation: number;
}

/** Why a live run had no job that could be delivered. */
export type LostJob = "absent" | "completed" | "failed";

/**
 * Brings the job of a live run back: where there is none any more, or only a finished one, a new one is added. A job that is
 * still to be delivered stays as it is. However many do this at once, and wherever they die, one job is left in the end,
 * or none, and then the next who comes adds it.
 *
 * The caller knows that the run is live. Were it settled meanwhile, the new job's delivery answers from its record.
 *
 * @returns what was wrong with the job that was replaced; undefined when nothing had to be done
 */
export async function addAgain(queue: Queue<JobData>, run: RunOfJob): Promise<LostJob | undefined> {
  const jobId = jobIdOf(run.runId);
  const lost = lostIn(await queue.getJobState(jobId));
  if (lost === undefined) return undefined;
  // Not readable, not needed: it is only for people.
  const old = await queue.getJob(jobId).catch(() => undefined);
  const preview = readJobData(old?.data)?.preview ?? "";
  // Also of an absent one: what is in no list may still have its data, and BullMQ adds no job beside that.
  await queue.remove(jobId);
  await queue.add(run.action, anew(run, preview), jobOptionsOf(run.runId, run));
  return lost;
}

/** Whether a job in this state, in BullMQ's word, is one that is not delivered any more. */
export function isLost(state: string): boolean {
  return lostIn(state) !== undefined;
}

function lostIn(state: string): LostJob | undefined {
  if (state === "completed" || state === "failed") return state;
  return state === "unknown" ? "absent" : undefined;
}

/** Deliveries of earlier jobs are stale from the first claim of this one on. */
function anew({ incarnation, ...run }: RunOfJob, preview: string): JobData {
  const next = Math.min(incarnation + 1, Number.MAX_SAFE_INTEGER);
  return jobDataOf({ ...run, preview }, next);
}
