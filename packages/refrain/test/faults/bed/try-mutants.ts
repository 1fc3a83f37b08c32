import { type MutantName, mutantNames } from "./mutants.ts";
import type { Rule } from "./oracle/breach.ts";
import { runSeed } from "./run-seed.ts";
import type { Profile } from "./schedule.ts";

/** Where a mutant shows, and as which broken rule. */
interface Trial {
  readonly profile: Profile;
  readonly rule: Rule;
}

const trials: Readonly<Record<MutantName, Trial>> = {
  "no fence": { profile: "workers", rule: "S7 fencing" },
  "no group numbers": { profile: "network", rule: "S7 fencing" },
  "recorded calls run again": { profile: "workers", rule: "S2 no execution after record" },
  "no mark before fn": { profile: "workers", rule: "S3 start once" },
  "outcomes in the order of slots": { profile: "workers", rule: "S5 same path" },
  "no barrier": { profile: "workers", rule: "S4 same value" },
  "handed back while fn runs": { profile: "workers", rule: "S8 no second body unasked" },
};

const SEEDS = 5;

/** Has every mutant run until its rule is broken. Gives the number of those that got away. */
export async function tryMutants(tell: (line: string) => void): Promise<number> {
  let survivors = 0;
  for (const mutant of mutantNames) {
    const { rule } = trials[mutant];
    const seed = await seedThatCatches(mutant);
    if (seed === undefined) survivors += 1;
    const end = seed === undefined ? `SURVIVED ${SEEDS} seeds` : `breaks ${rule} in seed ${seed}`;
    tell(`${mutant}: ${end}`);
  }
  return survivors;
}

async function seedThatCatches(mutant: MutantName): Promise<number | undefined> {
  const { profile, rule } = trials[mutant];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const options = { seed, profile, mutant, forMs: 6000, patienceMs: 8000 };
    const { breaches } = await runSeed(options);
    if (breaches.some((breach) => breach.rule === rule)) return seed;
  }
  return undefined;
}
