import type { JobsOptions } from "bullmq";
import { jobIdOf } from "./job-id.ts";

/** What a job holds: who it is for, and nothing a run needs besides. Written once, when the job is added. */
export interface JobData {
  readonly runId: string;
  readonly action: string;
  /** Absent for none. */
  readonly version?: string;
  /** How often the run's job was added anew. */
  readonly incarnation: number;
  /** For people who look at the queue. */
  readonly preview: string;
}

export interface JobTiming {
  readonly delayMs?: number | undefined;
  readonly priority?: number | undefined;
}

/** The back-off strategy that workers register with BullMQ; see `retryDelayMs`. */
export const JOB_BACKOFF = "refrain";

/**
 * The options of a run's job. BullMQ must never give up on it: crashes and tries are counted in the journal. What it keeps of
 * a finished job is bounded, and gone before the run's own record is.
 */
export function jobOptionsOf(runId: string, timing: JobTiming): JobsOptions {
  const options: JobsOptions = { ...FIXED_OPTIONS, jobId: jobIdOf(runId) };
  if (timing.delayMs !== undefined) options.delay = timing.delayMs;
  if (timing.priority !== undefined) options.priority = timing.priority;
  return options;
}

const HOUR_S = 60 * 60;

const FIXED_OPTIONS: JobsOptions = {
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: JOB_BACKOFF },
  removeOnComplete: { age: HOUR_S, count: 1000 },
  removeOnFail: { age: 6 * 24 * HOUR_S, count: 1000 },
  keepLogs: 20,
  stackTraceLimit: 1,
  sizeLimit: 8192,
};

export function jobDataOf(run: Required<Omit<JobData, "incarnation">>, incarnation = 0): JobData {
  const { runId, action, version, preview } = run;
  if (version === "") return { runId, action, incarnation, preview };
  return { runId, action, version: version.slice(0, 128), incarnation, preview };
}

/** Reads a job's data; undefined for what no client of ours wrote: husks of deleted jobs, foreign and edited data. */
export function readJobData(data: unknown): Required<JobData> | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { runId, action, version, incarnation, preview } = data as Partial<JobData>;
  if (typeof runId !== "string" || runId === "") return undefined;
  if (typeof action !== "string" || action === "") return undefined;
  if (!Number.isSafeInteger(incarnation) || incarnation === undefined) return undefined;
  return {
    runId,
    action,
    version: typeof version === "string" ? version : "",
    incarnation,
    preview: typeof preview === "string" ? preview : "",
  };
}
