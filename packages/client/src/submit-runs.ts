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
  readonly queue: OpenQueue;
}

/**
 * Sends runs and then their jobs, all in the present turn of the event loop on one connection: the server sees each record
 * before its job, and the caller waits for one round trip.
 *
 * A job is added for runs that exist already, too: BullMQ drops it while the run's own job is there, and it replaces one
 * that was lost. For a run that is settled, or another one of the same id, its delivery does nothing.
 */
export async function submitRuns(
  store: ActionStateStore,
  submissions: readonly Submission[],
): Promise<Submitted[]> {
  const created = submissions.map(({ prepared }) => store.create(prepared.run));
  const added = submissions.map(({ prepared, queue }) => queue.add(prepared));
  const [replies, jobs] = await Promise.all([
    Promise.allSettled(created),
    Promise.allSettled(added),
  ]);
  return submissions.map(({ prepared }, index) => submitted(prepared, replies[index], jobs[index]));
}

function submitted(
  prepared: PreparedRun,
  reply: PromiseSettledResult<CreateReply> | undefined,
  job: PromiseSettledResult<void> | undefined,
): Submitted {
  const { runId } = prepared.run;
  if (reply?.status !== "fulfilled") {
    return refused(runId, "may not have been created", reply?.reason);
  }
  if (reply.value.kind === "conflict") return conflict(prepared, reply.value.action);
  if (reply.value.kind === "unacknowledged") return refused(runId, UNACKNOWLEDGED, undefined);
  if (job?.status !== "fulfilled") {
    return refused(runId, "was created, but its job was not added", job?.reason);
  }
  return { kind: reply.value.kind };
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
  [/\bREADONLY\b/, "Redis is a replica now. Connect to its master, and "],
];

function adviceOn(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : "";
  return ADVICE.find(([word]) => word.test(message))?.[1] ?? "";
}
