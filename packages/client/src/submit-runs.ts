import { type ActionStateStore, type CreateReply, RunConflictError } from "@refrain/core";
import { EnqueueError } from "./errors.ts";
import type { PreparedRun } from "./prepare-run.ts";
import type { OpenQueue } from "./run-queues.ts";

/** How one run's submission ended. */
export type Submitted =
  | { readonly kind: "created" }
  | { readonly kind: "existing" }
  | { readonly kind: "refused"; readonly error: Error };

export interface Submission {
  readonly prepared: PreparedRun;
  /** Where the run is to be created; undefined where only the store can say that. */
  readonly expected: Home | undefined;
}

/** Where runs of one queue and shard have their jobs; one object for all of them. */
export interface Home {
  readonly shard: number;
  readonly queue: OpenQueue;
}

/** Opens a shard's queue. */
export type OpenQueueOf = (shard: number, name: string) => Promise<OpenQueue>;

/**
 * Sends runs and then their jobs, all in the present turn of the event loop on one connection: the server sees each record
 * before its job, and the caller waits for one round trip.
 *
 * A job is added for runs that exist already, too: BullMQ drops it while the run's own job is there, and it replaces one
 * that was lost. For a run that is settled, or another one of the same id, its delivery does nothing.
 *
 * After its namespace grew, a run may turn out to be in another shard than expected, or in any of several: its job follows it there.
 */
export async function submitRuns(
  store: ActionStateStore,
  submissions: readonly Submission[],
  open: OpenQueueOf,
): Promise<Submitted[]> {
  const creating = store.createMany(submissions.map(({ prepared }) => prepared.run));
  const [replies, jobs] = await Promise.all([creating, addJobs(submissions)]);
  const outcomes: Submitted[] = [];
  const following: Promise<void>[] = [];
  for (const [index, submission] of submissions.entries()) {
    const reply = replies[index];
    const shard = shardIn(reply);
    const settle = (job: Added) => {
      outcomes[index] = submitted(submission.prepared, reply, job);
    };
    const isInPlace = shard === undefined || shard === submission.expected?.shard;
    if (isInPlace) settle(jobs[index]);
    else following.push(follow(submission, shard, open).then(settle));
  }
  await Promise.all(following);
  return outcomes;
}

type Added = PromiseSettledResult<unknown> | undefined;

/** Each where its run is expected; those that are expected nowhere are left out. */
async function addJobs(submissions: readonly Submission[]): Promise<readonly Added[]> {
  const homes = new Map<Home, number[]>();
  for (const [index, { expected }] of submissions.entries()) {
    if (expected === undefined) continue;
    const indexes = homes.get(expected) ?? [];
    homes.set(expected, indexes);
    indexes.push(index);
  }
  const jobs: Added[] = [];
  const adding = Array.from(homes, async ([{ queue }, indexes]) => {
    const runs = indexes.flatMap((index) => submissions[index]?.prepared ?? []);
    const added = await queue.add(runs);
    for (const [nth, index] of indexes.entries()) jobs[index] = added[nth];
  });
  await Promise.all(adding);
  return jobs;
}

/** Where the run is, if it is known to be there. */
function shardIn(reply: PromiseSettledResult<CreateReply> | undefined): number | undefined {
  return reply?.status === "fulfilled" && "shard" in reply.value ? reply.value.shard : undefined;
}

async function follow(
  { prepared, expected }: Submission,
  shard: number,
  open: OpenQueueOf,
): Promise<Added> {
  // Where a worker has it already, its delivery finds that the run is elsewhere.
  await expected?.queue.remove(prepared.run.runId).catch(() => {});
  const [opened] = await Promise.allSettled([open(shard, prepared.run.queue)]);
  if (opened.status === "rejected") return opened;
  const [added] = await opened.value.add([prepared]);
  return added;
}

function submitted(
  prepared: PreparedRun,
  reply: PromiseSettledResult<CreateReply> | undefined,
  job: Added,
): Submitted {
  const { runId } = prepared.run;
  if (reply?.status !== "fulfilled") return unsubmitted(prepared, reply?.reason);
  if (reply.value.kind === "conflict") return conflict(prepared, reply.value.action);
  if (reply.value.kind === "unacknowledged") return refused(runId, UNACKNOWLEDGED, undefined);
  if (job?.status !== "fulfilled") {
    return refused(runId, "was created, but its job was not added", job?.reason);
  }
  return { kind: reply.value.kind };
}

/** Of a run that something kept from being created, or from saying so. */
export function unsubmitted({ run }: PreparedRun, cause: unknown): Submitted {
  return refused(run.runId, "may not have been created", cause);
}

const UNACKNOWLEDGED =
  "may have been created, but Redis did not say in time that it is as safe as `durability` asks; look at the replicas and the disk";

function conflict({ run }: PreparedRun, owner: string): Submitted {
  const how = owner === run.action ? "with another input" : `of action "${owner}"`;
  const error = new RunConflictError(
    `run ${run.runId} exists already, ${how}: choose another runId, or give the same input if it is meant to be the same run`,
  );
  return { kind: "refused", error };
}

function refused(runId: string, what: string, cause: unknown): Submitted {
  const message = `${what}: ${adviceOn(cause)}enqueue it again with the same runId and input, which never starts it twice`;
  return { kind: "refused", error: new EnqueueError(runId, message, { cause }) };
}

/** What people can do about a server that takes no writes, by the word it answers with. */
const ADVICE: readonly (readonly [word: RegExp, advice: string])[] = [
  [/\bOOM\b/, "Redis has no memory left (maxmemory). Free some, or raise it, and "],
  [/\bMISCONF\b/, "Redis cannot write to its disk and takes no writes. Free some space, and "],
  [/\bNOREPLICAS\b/, "Redis has too few replicas (min-replicas-to-write). Bring one back, and "],
  [/\bCLUSTERDOWN\b/, "The Redis cluster has slots without a master. Bring its node back, and "],
  [/\bREADONLY\b/, "Redis is a replica now. Connect to its master, and "],
];

function adviceOn(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : "";
  return ADVICE.find(([word]) => word.test(message))?.[1] ?? "";
}
