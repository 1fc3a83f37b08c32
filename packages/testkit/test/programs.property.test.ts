import fc from "fast-check";
import { expect, it } from "vitest";
import { runThroughCrashes } from "./programs/crash-run.ts";
import { cases } from "./programs/program.ts";
import { runsPerSeed, seeds } from "./programs/seeds.ts";

const TEN_MINUTES = 600_000;

it.each(seeds)(
  "nested programs survive crashes without a slot moving, seed %i",
  async (seed) => {
    let crashes = 0;

    await fc.assert(
      fc.asyncProperty(cases(), async (given) => {
        const verdict = await runThroughCrashes(given);

        crashes += verdict.crashes;
        expect([verdict.breaches, verdict.unrest]).toEqual([[], []]);
      }),
      { seed, numRuns: runsPerSeed },
    );

    // A run of tests in which nothing crashed proves nothing.
    expect(crashes).toBeGreaterThan(runsPerSeed);
  },
  TEN_MINUTES,
);

it.each(seeds)(
  "a run that is handed back again and again runs every call once, seed %i",
  async (seed) => {
    await fc.assert(
      fc.asyncProperty(cases({ points: ["release"], without: ["timer"] }), async (given) => {
        const { breaches, unrest, mostBegins } = await runThroughCrashes(given);

        expect([breaches, unrest]).toEqual([[], []]);
        expect(mostBegins).toBeLessThanOrEqual(1);
      }),
      { seed, numRuns: runsPerSeed / 2 },
    );
  },
  TEN_MINUTES,
);

// Where outcomes race, which of two comes first is open until it is recorded: those programs may end otherwise.
it.each(seeds)(
  "without races a program ends as if nothing had crashed, seed %i",
  async (seed) => {
    const without = ["race", "any", "all", "if", "timer"] as const;

    await fc.assert(
      fc.asyncProperty(cases({ without }), async (given) => {
        const calm = await runThroughCrashes({ ...given, crashes: [] }, { isPure: true });
        const crashed = await runThroughCrashes(given, { isPure: true });

        expect(crashed.run?.status).toBe(calm.run?.status);
        expect(crashed.run?.outcome?.payload).toEqual(calm.run?.outcome?.payload);
      }),
      { seed, numRuns: runsPerSeed / 2 },
    );
  },
  TEN_MINUTES,
);
