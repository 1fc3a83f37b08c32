import { setTimeout as pause } from "node:timers/promises";

/** Does something again and again, one after the other, the first time after one interval. */
export async function every(ms: number, until: number, act: () => Promise<void>): Promise<void> {
  for (let due = performance.now() + ms; due < until; due = Math.max(due + ms, performance.now())) {
    await pause(due - performance.now());
    await act();
  }
}

export interface ArrivalOptions {
  /** Per second. */
  readonly rate: number;
  /** When they end, as `performance.now` counts. */
  readonly until: number;
  readonly everyMs: number;
}

/** Has things arrive at a steady rate, whatever becomes of them; who is late sends more at once. Resolves to how many. */
export async function arriveSteadily(
  { rate, until, everyMs }: ArrivalOptions,
  send: (from: number, count: number) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  let arrived = 0;
  await every(everyMs, until, async () => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * rate) - arrived;
    const from = arrived;
    arrived += due;
    if (due > 0) await send(from, due);
  });
  return arrived;
}
