import { parseArgs } from "node:util";
import { wholeNumber } from "./whole-number.ts";

export interface BenchOptions {
  readonly redisUrl: string;
  readonly rounds: number;
  /** Runs of one sample without calls; samples with calls take fewer, so that all last about as long. */
  readonly runs: number;
  /** Starts of the names of what is measured; empty for everything. */
  readonly only: readonly string[];
  /** Where the figures go as JSON. */
  readonly json: string | undefined;
  /** A document whose section "targets" gets the table of targets. */
  readonly markdown: string | undefined;
}

export const USAGE = `npm run bench -- [options]
  --rounds N       rounds; each measures everything once, in the same order (default 5)
  --runs N         runs of a sample without calls; samples with calls take fewer (default 5000)
  --only A,B       only what starts so: raw, naive1, naive2, store, W(10), R, counts, latency,
                   replay, enqueue, memory, core
  --json FILE      writes every figure of every round there as well
  --markdown FILE  writes the table of targets into FILE, between <!-- targets --> and <!-- /targets -->
  --help           shows this`;

/** @throws TypeError on what is no option, with the usage. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      runs: { type: "string", default: "5000" },
      only: { type: "string", default: "" },
      json: { type: "string" },
      markdown: { type: "string" },
    },
  });
  return {
    redisUrl: env["REDIS_URL"] ?? "redis://127.0.0.1:6379",
    rounds: wholeNumber("--rounds", values.rounds),
    runs: wholeNumber("--runs", values.runs),
    only: values.only.split(",").filter((name) => name !== ""),
    json: values.json,
    markdown: values.markdown,
  };
}

/** Whether `--only` lets it through. */
export function isChosen(only: readonly string[], name: string): boolean {
  return only.length === 0 || only.some((start) => name.startsWith(start));
}
