// pnpm faults [--seeds 20] [--from 1] [--profile mixed] [--parallel 1] [--slow 1]: the fault bed over
// many seeds. A busy machine needs longer locks: --slow 3 has them last three times as long.
// pnpm faults --known: the seeds that once broke a rule.
// pnpm faults --mutants: the bed over workers that break its rules on purpose.
import { parseArgs } from "node:util";
import { knownSeeds } from "./known-seeds.ts";
import { reportOf, Totals } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import { type Profile, profileNames } from "./schedule.ts";
import { tryMutants } from "./try-mutants.ts";

const USAGE = `usage: pnpm faults [--seeds <count>] [--from <seed>] [--profile ${profileNames.join("|")}] [--parallel <count>] [--slow <factor>], or pnpm faults --known, or pnpm faults --mutants\n`;

interface Request {
  readonly seeds: number;
  readonly from: number;
  /** Default: the profiles take turns. */
  readonly profile: Profile | undefined;
  readonly parallel: number;
  readonly slow: number;
  readonly known: boolean;
  readonly mutants: boolean;
}

function read(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "20" },
      from: { type: "string", default: "1" },
      profile: { type: "string" },
      parallel: { type: "string", default: "1" },
      slow: { type: "string", default: "1" },
      known: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
    },
  });
  const profile = profileNames.find((name) => name === values.profile);
  if (values.profile !== undefined && profile === undefined) {
    throw new TypeError(`--profile is one of ${profileNames.join(", ")}, not ${values.profile}`);
  }
  const { known, mutants } = values;
  return {
    seeds: whole(values.seeds),
    from: whole(values.from),
    parallel: whole(values.parallel),
    slow: whole(values.slow),
    profile,
    known,
    mutants,
  };
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new TypeError(
    `--seeds, --from, --parallel and --slow are whole numbers above 0, not ${text}`,
  );
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<number> {
  const request = read(process.argv.slice(2));
  if (request.mutants) return (await tryMutants(tell)) === 0 ? 0 : 1;
  const left = request.known ? knownSeeds() : seedsOf(request);
  const totals = new Totals();
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await run(next, request.slow, totals);
    }
  };
  await Promise.all(Array.from({ length: request.parallel }, lane));
  tell(totals.report());
  return totals.violations === 0 ? 0 : 1;
}

interface Seed {
  readonly seed: number;
  readonly profile: Profile;
}

function seedsOf({ seeds, from, profile }: Request): Seed[] {
  return Array.from({ length: seeds }, (_, n) => {
    const its = profile ?? profileNames[(from + n) % profileNames.length] ?? "mixed";
    return { seed: from + n, profile: its };
  });
}

async function run(seed: Seed, slow: number, totals: Totals): Promise<void> {
  try {
    const verdict = await runSeed({ ...seed, slow });
    totals.add(verdict);
    tell(reportOf(verdict));
  } catch (error) {
    totals.addFailure();
    tell(`seed ${seed.seed} ${seed.profile}: void, it could not be run: ${String(error)}`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError;
  process.stderr.write(isUsage ? `${error.message}\n${USAGE}` : `${String(error)}\n`);
  process.exitCode = 2;
}
