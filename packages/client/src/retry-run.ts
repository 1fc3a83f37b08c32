import {
  type ActionStateStore,
  type Clock,
  type Codec,
  newNonce,
  planReopen,
  type RunSnapshot,
} from "@refrain/core";
import type { Queue } from "bullmq";
import { addAgain } from "./add-again.ts";
import { EnqueueError, RetryRefusedError, RunNotFoundError } from "./errors.ts";
import type { JobData } from "./job.ts";
import { jobIdOf } from "./job-id.ts";

export interface RetryParts {
  readonly store: Pick<ActionStateStore, "read" | "reopen">;
  readonly codec: Codec;
  readonly clock: Clock;
  /** The queue a run's job goes to. */
  readonly queueOf: (run: RunSnapshot) => Promise<Queue<JobData>>;
}

/**
 * Reopens a failed run, and has its job delivered again. However often it is sent, and whatever is lost in between, a request
 * reopens the run once; of several at the same time one does, and the others learn that it is live.
 *
 * @throws RetryRefusedError, RunNotFoundError, or EnqueueError when only the job could not be added.
 */
export async function retryRun(runId: string, force: boolean, parts: RetryParts): Promise<void> {
  const { store, codec } = parts;
  const requestId = newNonce();
  for (;;) {
    const run = await store.read(runId);
    if (run === undefined) throw new RunNotFoundError(runId);
    const plan = planReopen(run, codec, force);
    if (plan.kind !== "reopen") throw new RetryRefusedError(run, plan);
    const { call, reopened } = plan;
    const { kind } = await store.reopen({ runId, requestId, v: run.v, call, reopened });
    if (kind === "missing") throw new RunNotFoundError(runId);
    if (kind === "reopened") return deliverAgain(run, parts);
  }
}

async function deliverAgain(run: RunSnapshot, parts: RetryParts): Promise<void> {
  try {
    const queue = await parts.queueOf(run);
    await addOnceFinished(queue, run, parts);
  } catch (cause) {
    const what =
      "is live again, but its job could not be added: a worker that finds it missing adds it";
    throw new EnqueueError(run.runId, what, { cause });
  }
}

/** What BullMQ calls a job that will be delivered. */
const TO_COME: ReadonlySet<string> = new Set(["waiting", "prioritized", "delayed"]);

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;
const PATIENCE_MS = 3000;

/**
 * A caller who was waiting for the run's outcome comes before BullMQ has heard of it: then the job is still in the hands of the
 * worker that ended the run. Nothing is lost by giving up: the job is delivered again when its lock lapses, or added by a rescuer.
 */
async function addOnceFinished(
  queue: Queue<JobData>,
  run: RunSnapshot,
  { store, clock }: RetryParts,
): Promise<void> {
  const { runId, action, version, incarnation, priority, epoch } = run;
  const jobId = jobIdOf(runId);
  let pauseMs = FIRST_PAUSE_MS;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += pauseMs) {
    const replaced = await addAgain(queue, { runId, action, version, incarnation, priority });
    // What was active when `addAgain` looked may have finished since: then nobody delivers it.
    if (replaced !== undefined || TO_COME.has(await queue.getJobState(jobId))) return;
    const now = await store.read(runId, { calls: false });
    if (now?.epoch !== epoch) return;
    await new Promise<void>((resolve) => clock.timer(pauseMs, resolve));
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}
