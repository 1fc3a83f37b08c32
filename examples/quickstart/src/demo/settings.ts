/** How the demonstration runs its shop. A real one keeps Refrain's longer locks. */
export const settings = {
  workers: 3,
  concurrency: 5,
  /** Short, so that the orders of a killed worker go on within seconds. */
  lockDurationMs: 2000,
  stalledIntervalMs: 1000,
  drainTimeoutMs: 3000,
  /** Counted from the first order. What is not settled by then is reported as such. */
  deadlineMs: 52_000,
  /** More than the verdict asks for, since the last ones may find all orders settled. */
  kills: { count: 10, firstMs: 1000, shortestGapMs: 900, longestGapMs: 1700 },
} as const;
