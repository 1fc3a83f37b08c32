import fc from "fast-check";
import { expect, it } from "vitest";
import { runThroughCrashes } from "./programs/crash-run.ts";
import { cases } from "./programs/program.ts";
import { runsPerSeed, seeds } from "./programs/seeds.ts";
import { restlessCases, timedCases } from "./programs/timed-cases.ts";

const TEN_MINUTES = 600_000;

it.each(seeds)(
  "a plain timer between two calls of a branch does not lose that branch its slot, seed %i",
  async (seed) => {
    let crashes = 0;

    await fc.assert(
      fc.asyncProperty(timedCases(), async (given) => {
        const verdict = await runThroughCrashes(given);

        crashes += verdict.crashes;
        expect([verdict.breaches, verdict.unrest]).toEqual([[], []]);
      }),
      { seed, numRuns: 50 },
    );

    expect(crashes).toBe(50);
  },
  TEN_MINUTES,
);

// Programs that await timers of ever changing length in parallel branches cannot always be replayed: they may diverge.
// What must hold of them all the same is that nobody is left in the dark, and that it comes to an end.
const KEPT = [
  "no slot moves",
  "a record never changes",
  "every attempt ends",
  "every run ends",
] as const;

it.each(seeds)(
  "programs with timers diverge in the open and at most three times, seed %i",
  async (seed) => {
    let diverged = 0;

    await fc.assert(
      fc.asyncProperty(fc.oneof(cases({ without: [] }), restlessCases()), async (given) => {
        const { breaches, events, clears, run } = await runThroughCrashes(given);

        const kept = breaches.filter((breach) => KEPT.some((rule) => breach.startsWith(rule)));
        const divergences = events.filter((event) => event.type === "diverged");
        const cleared = divergences.filter((event) => event.verdict === "cleared");
        diverged += divergences.length;
        expect(kept).toEqual([]);
        expect(clears).toBeLessThanOrEqual(cleared.length);
        expect(clears).toBeLessThanOrEqual(3);
        expect(["SUCCEEDED", "FAILED"]).toContain(run?.status);
      }),
      { seed, numRuns: runsPerSeed / 2 },
    );

    // Programs that never diverge would prove nothing here.
    expect(diverged).toBeGreaterThan(0);
  },
  TEN_MINUTES,
);
