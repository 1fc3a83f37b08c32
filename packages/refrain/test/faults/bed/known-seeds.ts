import { readFileSync } from "node:fs";
import type { Profile } from "./schedule.ts";

/** A seed that once broke a rule. */
interface KnownSeed {
  readonly seed: number;
  readonly profile: Profile;
  /** What was wrong, with the product or with the bed, and what became of it. */
  readonly verdict: string;
}

/** The committed list of such seeds. Real processes repeat them only roughly: a fixed bug has a test of its own besides. */
export function knownSeeds(): KnownSeed[] {
  const file = new URL("./seeds.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly seeds: KnownSeed[] }).seeds;
}
