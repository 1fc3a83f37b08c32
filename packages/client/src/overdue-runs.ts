import type { ActionStateStore, LiveRun } from "@refrain/core";
import type { Queue } from "bullmq";
import { type JobData, readJobData } from "./job.ts";

export interface OverdueOptions {
  readonly store: Pick<ActionStateStore, "read">;
  readonly queueOf: (run: LiveRun) => Promise<Queue<JobData>>;
  /**
   * How many entries of lists of waiting jobs BullMQ may walk through to say in which list the jobs of these runs are. Of the runs
   * that are older than what their queue delivers next, so many are taken, at random, and at least one.
   */
  readonly mostEntries: number;
}

/**
 * Those runs whose job should not simply be waiting for its turn: an attempt has them, or they are older than the run that
 * their queue delivers next. A job can lose its place although its data is there: a script of BullMQ's that meets a damaged job
 * ends half-way, and the jobs it held are then in no list.
 */
export async function overdueRuns(
  runs: readonly LiveRun[],
  options: OverdueOptions,
): Promise<ReadonlySet<LiveRun>> {
  const overdue = new Set(runs.filter(({ isRunning }) => isRunning));
  for (const [queue, own] of await byQueue(runs, options)) {
    const waiting = await queue.getWaitingCount();
    const turn = waiting === 0 ? Number.POSITIVE_INFINITY : await turnOf(queue, own, options.store);
    const older = own.filter(({ createdAt, isRunning }) => !isRunning && createdAt < turn);
    const most = Math.max(1, Math.floor(options.mostEntries / (waiting + 1)));
    for (const run of some(older, most)) overdue.add(run);
  }
  return overdue;
}

async function byQueue(
  runs: readonly LiveRun[],
  { queueOf }: OverdueOptions,
): Promise<ReadonlyMap<Queue<JobData>, LiveRun[]>> {
  const queues = new Map<Queue<JobData>, LiveRun[]>();
  for (const run of runs) {
    const queue = await queueOf(run);
    queues.set(queue, [...(queues.get(queue) ?? []), run]);
  }
  return queues;
}

/** When the run was created whose job is delivered next: older ones had their turn. Nobody knows beside a job of nobody's. */
async function turnOf(
  queue: Queue<JobData>,
  [beside]: readonly LiveRun[],
  store: Pick<ActionStateStore, "read">,
): Promise<number> {
  const [next] = await queue.getWaiting(0, 0).catch(() => []);
  const runId = readJobData(next?.data)?.runId;
  const shard = beside?.shard;
  if (runId === undefined || shard === undefined) return Number.NEGATIVE_INFINITY;
  const run = await store.read(runId, { calls: false, shard });
  return run?.createdAt ?? Number.NEGATIVE_INFINITY;
}

function some<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const from = Math.floor(Math.random() * all.length);
  return Array.from({ length: most }, (_, i) => all[(from + i) % all.length] as T);
}
