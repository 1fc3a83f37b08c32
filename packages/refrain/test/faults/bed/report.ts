import type { SeedVerdict } from "./run-seed.ts";

/** One line about a seed, and one for each rule it broke. */
export function reportOf(verdict: SeedVerdict): string {
  const { seed, profile, ms, tailMs, breaches, missing, dir } = verdict;
  const state = breaches.length > 0 ? "BROKEN" : missing.length > 0 ? "void" : "holds";
  const figures = Object.entries(figuresOf(verdict)).map(([name, value]) => `${name} ${value}`);
  const time = `${(ms / 1000).toFixed(1)} s (${(tailMs / 1000).toFixed(1)} s after the last fault)`;
  const lines = [`seed ${seed} ${profile}: ${state} in ${time}: ${figures.join(", ")}`];
  if (missing.length > 0) lines.push(`  nothing of: ${missing.join(", ")}`);
  for (const { rule, run, text } of breaches) lines.push(`  ${rule}: ${run} ${text}`);
  if (breaches.length > 0) lines.push(`  ledger and logs: ${dir}`);
  return lines.join("\n");
}

/** What all seeds came to. */
export class Totals {
  violations = 0;
  readonly #figures: Record<string, number> = {};
  #seeds = 0;
  #void = 0;
  readonly #broken: number[] = [];

  add(verdict: SeedVerdict): void {
    this.#seeds += 1;
    this.violations += verdict.breaches.length;
    if (verdict.breaches.length > 0) this.#broken.push(verdict.seed);
    else if (verdict.missing.length > 0) {
      // What did not bite proves nothing, and counts for nothing.
      this.#void += 1;
      return;
    }
    for (const [name, value] of Object.entries(figuresOf(verdict))) {
      this.#figures[name] = (this.#figures[name] ?? 0) + value;
    }
  }

  /** A seed that came to no verdict. */
  addFailure(): void {
    this.#seeds += 1;
    this.#void += 1;
  }

  report(): string {
    const figures = Object.entries(this.#figures).map(([name, value]) => `${name} ${value}`);
    const broken = this.#broken.length > 0 ? ` (seeds ${this.#broken.join(", ")})` : "";
    return `${this.#seeds} seeds, ${this.#void} void: ${figures.join(", ")}, violations ${this.violations}${broken}`;
  }
}

function figuresOf({ toll, counts }: SeedVerdict): Record<string, number> {
  return {
    runs: counts.runs,
    attempts: counts.attempts,
    kills: toll.kills,
    stops: toll.stops,
    zombies: counts.zombies,
    fenced: counts.fenced,
    cuts: toll.cuts,
    "late copies": counts.late,
    "Redis kills": toll.redisKills,
    "Redis stops": toll.redisStops,
    flushes: toll.flushes,
    "lost jobs": toll.lostJobs,
    deploys: toll.deploys,
    migrations: toll.migrations,
    redirections: toll.redirections,
    executed: counts.executed,
    replays: counts.replays,
    verdicts: counts.verdicts,
    "begun late": counts.lateBegins,
    doubled: counts.doubled,
  };
}
