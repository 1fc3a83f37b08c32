import { parseArgs } from "node:util";
import { wholeNumber } from "../whole-number.ts";

const PARTS = ["pool", "backlog", "shards"] as const;
export type Part = (typeof PARTS)[number];

export interface ScaleOptions {
  readonly redisUrl: string;
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly runs: number;
  readonly queued: number;
  readonly seconds: number;
  readonly workers: readonly number[];
  readonly shards: readonly number[];
  readonly masters: readonly number[];
  readonly markdown: string | undefined;
}

export const USAGE = `npm run bench:scale -- [options]
  --only A,B       pool, backlog, shards (default: all three)
  --rounds N       rounds; each measures everything once (default 3)
  --runs N         runs that a pool works off (default 10000)
  --queued N       runs that wait in the backlog (default 100000)
  --seconds N      how long runs arrive at a pool, twice (default 10)
  --workers A,B    sizes of the pool (default 1,2,4,8)
  --shards A,B     numbers of shards, for a pool of two (default 1,2,4)
  --masters A,B    masters for them: 1 is the usual server, more are a cluster
                   of its own (default 1,3)
  --markdown FILE  writes the tables into FILE, between <!-- scale --> and <!-- /scale -->
  --help           shows this`;

/** @throws TypeError on what is no option. */
export function readScaleOptions(args: readonly string[], env: NodeJS.ProcessEnv): ScaleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text(PARTS.join(",")),
      rounds: text("3"),
      runs: text("10000"),
      queued: text("100000"),
      seconds: text("10"),
      workers: text("1,2,4,8"),
      shards: text("1,2,4"),
      masters: text("1,3"),
      markdown: { type: "string" },
    },
  });
  return {
    redisUrl: env["REDIS_URL"] ?? "redis://127.0.0.1:6379",
    parts: values.only.split(",").map(part),
    rounds: wholeNumber("--rounds", values.rounds),
    runs: wholeNumber("--runs", values.runs),
    queued: wholeNumber("--queued", values.queued),
    seconds: wholeNumber("--seconds", values.seconds),
    workers: values.workers.split(",").map((size) => wholeNumber("--workers", size)),
    shards: values.shards.split(",").map((count) => wholeNumber("--shards", count)),
    masters: values.masters.split(",").map((count) => wholeNumber("--masters", count)),
    markdown: values.markdown,
  };
}

function text(value: string): { readonly type: "string"; readonly default: string } {
  return { type: "string", default: value };
}

function part(name: string): Part {
  const found = PARTS.find((known) => known === name);
  if (found === undefined) throw new TypeError(`--only knows ${PARTS.join(", ")}, not "${name}"`);
  return found;
}
