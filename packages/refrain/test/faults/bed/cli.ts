// pnpm faults [--seeds 20] [--from 1] [--profile mixed] [--parallel 1]: the fault bed over many seeds.
import { parseArgs } from "node:util";
import { reportOf, Totals } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import { type Profile, profileNames } from "./schedule.ts";

const USAGE = `usage: pnpm faults [--seeds <count>] [--from <seed>] [--profile ${profileNames.join("|")}] [--parallel <count>]\n`;

interface Request {
  readonly seeds: number;
  readonly from: number;
  /** Default: the profiles take turns. */
  readonly profile: Profile | undefined;
  readonly parallel: number;
}

function read(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "20" },
      from: { type: "string", default: "1" },
      profile: { type: "string" },
      parallel: { type: "string", default: "1" },
    },
  });
  const profile = profileNames.find((name) => name === values.profile);
  if (values.profile !== undefined && profile === undefined) {
    throw new TypeError(`--profile is one of ${profileNames.join(", ")}, not ${values.profile}`);
  }
  const [seeds, from, parallel] = [values.seeds, values.from, values.parallel].map(whole);
  return { seeds: seeds ?? 0, from: from ?? 0, parallel: parallel ?? 1, profile };
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new TypeError(`--seeds, --from and --parallel are whole numbers above 0, not ${text}`);
}

async function main(): Promise<number> {
  const { seeds, from, profile, parallel } = read(process.argv.slice(2));
  const totals = new Totals();
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < from + seeds) {
      const seed = next++;
      const its = profile ?? profileNames[seed % profileNames.length] ?? "mixed";
      const verdict = await runSeed({ seed, profile: its });
      totals.add(verdict);
      process.stdout.write(`${reportOf(verdict)}\n`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  process.stdout.write(`${totals.report()}\n`);
  return totals.violations === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError;
  process.stderr.write(isUsage ? `${error.message}\n${USAGE}` : `${String(error)}\n`);
  process.exitCode = 2;
}
