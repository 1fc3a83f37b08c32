import { setTimeout as pause } from "node:timers/promises";
import type { Work } from "../contenders.ts";
import { clockMs } from "./member.ts";
import type { Pool, PoolFigures } from "./pool.ts";

export const W10: Work = { calls: 10, isReconcilable: false };

export interface Drained {
  readonly runsPerSecond: number;
  /** Of the first tenth. */
  readonly firstRunsPerSecond: number;
  readonly workerCpuPerRun: number;
  readonly serverCpuPerRun: number;
  /** What each member did, the least and the most, against an equal share. */
  readonly fairness: readonly [least: number, most: number];
  readonly enqueuedPerSecond: number;
  readonly bytesPerQueuedRun: number;
}

/** Queues runs up while nothing is handed out, and has the pool work them off. */
export async function drain(pool: Pool, runs: number): Promise<Drained> {
  await pool.pause();
  const before = await pool.usedMemory();
  const startedAt = performance.now();
  await pool.enqueue(runs, W10);
  const enqueueSeconds = (performance.now() - startedAt) / 1000;
  const bytes = (await pool.usedMemory()) - before;
  await pool.figures();
  const resumedAt = clockMs();
  await pool.resume();
  await untilDrained(pool);
  const figures = await pool.figures();
  const settledAt = figures.runs.map((run) => run.settledAt).toSorted((a, b) => a - b);
  const speedOf = (count: number): number =>
    (count / ((settledAt[count - 1] ?? Number.NaN) - resumedAt)) * 1000;
  return {
    runsPerSecond: speedOf(runs),
    firstRunsPerSecond: speedOf(Math.ceil(runs / 10)),
    workerCpuPerRun: figures.workerCpuUs / runs,
    serverCpuPerRun: figures.serverCpuUs / runs,
    fairness: fairnessOf(figures),
    enqueuedPerSecond: runs / enqueueSeconds,
    bytesPerQueuedRun: bytes / runs,
  };
}

/** What each member did, the least and the most, against an equal share. */
export function fairnessOf({ perMember, runs }: PoolFigures): [least: number, most: number] {
  const share = runs.length / perMember.length;
  return [Math.min(...perMember) / share, Math.max(...perMember) / share];
}

export async function untilDrained(pool: Pool): Promise<void> {
  while ((await pool.live()) > 0) await pause(20);
  // The members hear of the last settlements a little later than Redis.
  await pause(100);
}
