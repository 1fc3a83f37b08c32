import { createIORedisClient, type IRedisClient, Job, type JobsOptions, type Queue } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { type JobData, jobDataOf, jobOptionsOf } from "./job.ts";
import type { PreparedRun } from "./prepare-run.ts";

type Added = PromiseSettledResult<void>;

/**
 * Adds the jobs of new runs, all by one write, as BullMQ's `addBulk` does; but that one tells of one error alone, and not whose
 * it was. Never rejects: each run, in turn, has what became of its job. What was sent is on its way when this returns.
 *
 * @param redis the queue's connection
 */
export async function addJobs(
  queue: Queue<JobData>,
  redis: Redis | Cluster,
  runs: readonly PreparedRun[],
): Promise<readonly Added[]> {
  const replies = runs.length > 1 ? await addTogether(queue, redis, runs) : [];
  const added: Added[] = [];
  const adding: Promise<void>[] = [];
  for (const [index, run] of runs.entries()) {
    const known = addedBy(replies[index]);
    if (known !== undefined) added[index] = known;
    else adding.push(addAlone(queue, run).then((each) => void (added[index] = each)));
  }
  await Promise.all(adding);
  return added;
}

/** What BullMQ's script answered, or why it did not. */
type JobReply = readonly [error: Error | null, reply: unknown];

/** None where the jobs could not be sent together, as when not all of a cluster's nodes are known. */
async function addTogether(
  queue: Queue<JobData>,
  redis: Redis | Cluster,
  runs: readonly PreparedRun[],
): Promise<readonly JobReply[]> {
  try {
    // The one that BullMQ made for the queue.
    const client: IRedisClient = createIORedisClient(redis);
    const pipeline = client.pipeline();
    for (const run of runs) {
      const { name, data, opts } = jobOf(run);
      void new Job(queue, name, data, opts, opts.jobId).addJob(pipeline);
    }
    return (await pipeline.exec()) ?? [];
  } catch {
    return [];
  }
}

/** Undefined when the job is to be added alone: where nothing was done, or all of it and nobody heard; a job that is there stays. */
function addedBy(answer: JobReply | undefined): Added | undefined {
  if (answer === undefined) return undefined;
  const [error, reply] = answer;
  if (error === null) return typeof reply === "string" ? ADDED : undefined;
  const isDefinite = error.name === "ReplyError" && !NOT_BEGUN.test(error.message);
  return isDefinite ? { status: "rejected", reason: error } : undefined;
}

const ADDED: Added = { status: "fulfilled", value: undefined };

/** Replies of a server that lacks BullMQ's script, or of a cluster's node that has not the slot. */
const NOT_BEGUN = /^(?:NOSCRIPT|MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/;

async function addAlone(queue: Queue<JobData>, run: PreparedRun): Promise<Added> {
  const { name, data, opts } = jobOf(run);
  const add = () => queue.add(name, data, opts);
  try {
    await add().catch((error: unknown) => {
      // The server forgot BullMQ's script between the two tries that ioredis makes: nothing was done.
      if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return add();
      throw error;
    });
    return ADDED;
  } catch (reason) {
    return { status: "rejected", reason };
  }
}

interface NewJob {
  readonly name: string;
  readonly data: JobData;
  readonly opts: JobsOptions;
}

function jobOf({ run, preview }: PreparedRun): NewJob {
  const { runId, action, version } = run;
  const data = jobDataOf({ runId, action, version, preview });
  return { name: action, data, opts: jobOptionsOf(runId, run) };
}
