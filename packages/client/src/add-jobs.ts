import { type IRedisClient, Job, type Queue } from "bullmq";
import { type JobData, jobDataOf, jobOptionsOf } from "./job.ts";
import type { PreparedRun } from "./prepare-run.ts";

/**
 * Adds the jobs of new runs, as `Queue.add` does; `addBulk` tells of one error alone, and not whose it was. Never rejects: each
 * run, in turn, has what became of its job. All is on its way when this returns.
 *
 * @param connection the queue's
 */
export function addJobs(
  queue: Queue<JobData>,
  connection: IRedisClient,
  runs: readonly PreparedRun[],
): Promise<readonly PromiseSettledResult<string>[]> {
  return Promise.allSettled(
    runs.map(async ({ run, preview }) => {
      const { runId, action, version } = run;
      const options = jobOptionsOf(runId, run);
      const data = jobDataOf({ runId, action, version, preview });
      return await new Job(queue, action, data, options, options.jobId).addJob(connection);
    }),
  );
}
