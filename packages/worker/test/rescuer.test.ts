import type { LostJob } from "@refrain/client";
import type { LiveRun } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { type Rescued, Rescuer, type RescuerOptions } from "../src/rescuer.ts";

const EVERY_MS = 30_000;
const MIN_AGE_MS = 5000;

function liveRun(n: number, createdAt = 0): LiveRun {
  return {
    runId: `r-${n}`,
    shard: 0,
    action: "work",
    version: "1",
    queue: "default",
    isRunning: false,
    incarnation: 0,
    createdAt,
    notBefore: undefined,
    priority: undefined,
  };
}

/** A rescuer over so many live runs, and what it did. */
function setUp(count: number, overrides: Partial<RescuerOptions> = {}) {
  const clock = virtualClock();
  const runs = Array.from({ length: count }, (_, n) => liveRun(n));
  const seen = {
    looks: [] as string[],
    lookedAt: [] as number[],
    rescued: [] as Rescued[],
    troubles: [] as unknown[],
    leases: [] as [number, number][],
  };
  const rescuer = new Rescuer({
    shard: 3,
    store: {
      rebuild: async ({ offset = 0, limit = 0 } = {}) => runs.slice(offset, offset + limit),
    },
    lead: async (shard, forMs) => {
      seen.leases.push([shard, forMs]);
      return true;
    },
    now: async () => clock.monotonic() + MIN_AGE_MS,
    overdue: async () => new Set(),
    rescue: async (run) => {
      seen.looks.push(run.runId);
      seen.lookedAt.push(clock.monotonic());
      return undefined;
    },
    everyMs: EVERY_MS,
    minAgeMs: MIN_AGE_MS,
    clock,
    onRescued: (rescued) => seen.rescued.push(...rescued),
    onTrouble: (error) => seen.troubles.push(error),
    ...overrides,
  });
  return { clock, runs, rescuer, seen };
}

test("every live run is looked at in every pass, and passes come in intervals that vary", async () => {
  const { clock, seen } = setUp(3);

  await clock.advance(10 * EVERY_MS * 1.25);

  const passes = seen.looks.length / 3;
  expect(passes).toBeGreaterThanOrEqual(9);
  expect(passes).toBeLessThanOrEqual(17);
  expect(seen.looks.slice(0, 3)).toEqual(["r-0", "r-1", "r-2"]);
  const starts = [...new Set(seen.lookedAt)];
  const gaps = starts.slice(1).map((at, n) => at - (starts[n] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(EVERY_MS * 0.75);
  expect(new Set(gaps.map(Math.round)).size).toBeGreaterThan(1);
});

test("however many runs there are, it looks at 1,000 jobs in a second", async () => {
  const { clock, seen } = setUp(20_000);
  while (seen.looks.length === 0) await clock.advanceToNextTimer();
  const startedAt = clock.monotonic();

  while (seen.looks.length < 20_000) await clock.advanceToNextTimer();

  const seconds = (clock.monotonic() - startedAt) / 1000;
  expect(20_000 / seconds).toBeGreaterThan(900);
  expect(20_000 / seconds).toBeLessThan(1100);
  expect(new Set(seen.looks).size).toBe(20_000);
});

test("whoever has not got the lease looks at nothing, and asks again", async () => {
  let asked = 0;
  const { clock, seen } = setUp(3, {
    lead: async () => {
      asked += 1;
      return false;
    },
  });

  await clock.advance(5 * EVERY_MS);

  expect(asked).toBeGreaterThan(2);
  expect(seen.looks).toEqual([]);
});

test("the lease is renewed while a pass lasts, and a pass ends when it is lost", async () => {
  let pages = 0;
  const { clock, seen } = setUp(1000, { lead: async () => ++pages < 4 });

  await clock.advance(EVERY_MS);

  expect(seen.looks).toHaveLength(300);
});

test("the lease is of its shard, and outlasts the pause between two passes", async () => {
  const { clock, seen } = setUp(1);

  await clock.advance(EVERY_MS);

  expect(seen.leases[0]).toEqual([3, 2 * EVERY_MS]);
});

test("a run younger than a moment is left to the client that may be adding its job", async () => {
  const { clock, runs, seen } = setUp(0);
  runs.push(liveRun(0, 0), liveRun(1, 3 * EVERY_MS));

  await clock.advance(2 * EVERY_MS);
  expect(new Set(seen.looks)).toEqual(new Set(["r-0"]));
  await clock.advance(5 * EVERY_MS);

  expect(new Set(seen.looks)).toEqual(new Set(["r-0", "r-1"]));
});

test("what was rescued is told together with what had become of the jobs", async () => {
  const jobs: Record<string, LostJob> = { "r-1": "absent", "r-2": "failed" };
  const { clock, seen } = setUp(4, {
    rescue: async ({ runId }) => {
      const job = jobs[runId];
      delete jobs[runId];
      return job;
    },
  });

  await clock.advance(3 * EVERY_MS);

  expect(seen.rescued.map(({ run, job }) => [run.runId, job])).toEqual([
    ["r-1", "absent"],
    ["r-2", "failed"],
  ]);
});

test("one run that cannot be looked at keeps nobody from the others, and is told once", async () => {
  const looks: string[] = [];
  const { clock, seen } = setUp(3, {
    rescue: async ({ runId }) => {
      if (runId === "r-0") throw new Error("spoilt");
      looks.push(runId);
      return undefined;
    },
  });

  await clock.advance(5 * EVERY_MS);

  expect(looks.length).toBeGreaterThan(4);
  expect(seen.troubles).toEqual([new Error("spoilt")]);
});

test("trouble is told again when there was a good pass in between", async () => {
  let isDown = true;
  const { clock, seen } = setUp(1, {
    lead: async () => {
      if (isDown) throw new Error("NOPERM");
      return true;
    },
  });

  await clock.advance(5 * EVERY_MS);
  expect(seen.troubles).toHaveLength(1);
  isDown = false;
  await clock.advance(3 * EVERY_MS);
  isDown = true;
  await clock.advance(3 * EVERY_MS);

  expect(seen.looks.length).toBeGreaterThan(0);
  expect(seen.troubles).toHaveLength(2);
});

test("a rescuer that was stopped leaves no timer behind, in a pause or in the middle of a pass", async () => {
  const paused = setUp(3);
  paused.rescuer.stop();
  expect(paused.clock.timers).toBe(0);

  const passing = setUp(1000);
  while (passing.seen.looks.length < 200) await passing.clock.advanceToNextTimer();
  passing.rescuer.stop();
  await passing.clock.advance(2 * EVERY_MS);

  expect(passing.clock.timers).toBe(0);
  expect(passing.seen.looks).toHaveLength(200);
});
