import { expect, it } from "vitest";
import { planKills } from "../src/demo/kill-schedule.ts";

const options = { count: 10, firstMs: 1000, shortestGapMs: 700, longestGapMs: 1300 };

it("repeats its plan for a seed and makes another one for another seed", () => {
  expect(planKills(7, options)).toEqual(planKills(7, options));
  expect(planKills(7, options)).not.toEqual(planKills(8, options));
});

it("keeps the gaps that it was given", () => {
  for (const seed of Array.from({ length: 50 }).keys()) {
    const kills = planKills(seed, options);
    const gaps = kills.slice(1).map(({ atMs }, index) => atMs - (kills[index]?.atMs ?? 0));

    expect(kills).toHaveLength(10);
    expect(kills[0]?.atMs).toBe(1000);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(700);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1300);
  }
});

it("picks every one of three workers in time", () => {
  const picks = planKills(1, { ...options, count: 60 }).map(({ pick }) => Math.floor(pick * 3));

  expect(new Set(picks)).toEqual(new Set([0, 1, 2]));
});
