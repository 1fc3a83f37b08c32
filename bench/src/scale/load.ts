import { arriveSteadily } from "../arrivals.ts";
import { quantile } from "../statistics.ts";
import { fairnessOf, untilDrained, W10 } from "./drain.ts";
import type { Pool } from "./pool.ts";

/** What a pool does with runs that arrive at a rate. */
export interface LoadFigures {
  readonly arrivedPerSecond: number;
  readonly settledPerSecond: number;
  /** From a run's arrival to its settlement, ms. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** From its first line to its settlement, ms. */
  readonly service: { readonly p50: number; readonly p99: number };
  readonly queuedAtEnd: number;
  /** Of the largest member. */
  readonly rssMb: readonly [before: number, after: number];
  readonly fairness: readonly [least: number, most: number];
}

const MB = 1024 * 1024;
const ARRIVE_EVERY_MS = 20;

/** Has runs arrive for a while, and measures what was settled in that time; then lets the pool work off the rest. */
export async function underLoad(pool: Pool, rate: number, seconds: number): Promise<LoadFigures> {
  const before = await pool.figures();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const arrived = await arriveSteadily({ rate, until, everyMs: ARRIVE_EVERY_MS }, (_, count) =>
    pool.enqueue(count, W10),
  );
  const after = await pool.figures();
  const took = (performance.now() - startedAt) / 1000;
  const queuedAtEnd = await pool.live();
  await untilDrained(pool);
  await pool.figures();
  const latencies = after.runs.map((run) => run.settledAt - run.arrivedAt);
  const services = after.runs.map((run) => run.settledAt - run.beganAt);
  return {
    arrivedPerSecond: arrived / took,
    settledPerSecond: after.runs.length / took,
    latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    service: { p50: quantile(services, 0.5), p99: quantile(services, 0.99) },
    queuedAtEnd,
    rssMb: [before.rss / MB, after.rss / MB],
    fairness: fairnessOf(after),
  };
}
