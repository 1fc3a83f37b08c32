// The client

// A run's job in the queue, for those who deliver it
export { addAgain, type LostJob, type RunOfJob } from "./add-again.ts";
export type { Client, MixedItem } from "./client.ts";
export type { EnqueueOptions } from "./enqueue-options.ts";
export {
  EnqueueError,
  type EnqueueFailure,
  EnqueueManyError,
  RetryRefusedError,
  RunNotFoundError,
} from "./errors.ts";
export { JOB_BACKOFF, type JobData, jobOptionsOf, readJobData } from "./job.ts";
export { checkRunId, jobIdOf, runIdOf } from "./job-id.ts";
export { overdueRuns } from "./overdue-runs.ts";
export { type RescueOptions, rescueRun } from "./rescue-run.ts";
export { type RetryParts, retryRun } from "./retry-run.ts";
export { type ClientParts, RunClient } from "./run-client.ts";
// Runs
export type {
  ActionState,
  CallResult,
  ResultOptions,
  RunHandle,
  RunRetryOptions,
} from "./run-handle.ts";
export { RunQueues } from "./run-queues.ts";
export { serverTime } from "./server-time.ts";
export type { SettledHints } from "./settled-hints.ts";
