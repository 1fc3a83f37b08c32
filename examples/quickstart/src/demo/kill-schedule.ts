import { chance } from "../chance.ts";

export interface PlannedKill {
  /** Since the first order. */
  readonly atMs: number;
  /** From 0 up to 1: which of the workers that are alive at that time. */
  readonly pick: number;
}

export interface KillOptions {
  readonly count: number;
  readonly firstMs: number;
  readonly shortestGapMs: number;
  readonly longestGapMs: number;
}

/** Plans who is killed when, in order of time. A seed repeats its plan. */
export function planKills(seed: number, options: KillOptions): PlannedKill[] {
  const { count, firstMs, shortestGapMs, longestGapMs } = options;
  const kills: PlannedKill[] = [];
  let atMs = firstMs;
  for (let nth = 0; nth < count; nth++) {
    kills.push({ atMs, pick: chance(seed, "victim", nth) });
    const gap = chance(seed, "gap", nth) * (longestGapMs - shortestGapMs);
    atMs += Math.round(shortestGapMs + gap);
  }
  return kills;
}
