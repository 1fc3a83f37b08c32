import { parseArgs } from "node:util";
import { wholeNumber } from "../whole-number.ts";

export interface SoakOptions {
  readonly redisUrl: string;
  readonly minutes: number;
  readonly workers: number;
  /** Runs that arrive, per second. */
  readonly rate: number;
  readonly killEverySeconds: number;
  /** Where every check goes as JSON. */
  readonly json: string | undefined;
}

export const USAGE = `npm run soak -- [options]
  --minutes N     how long runs arrive (default 30)
  --workers N     worker processes; all but the first are killed now and then (default 3)
  --rate N        runs that arrive, per second (default 50)
  --kill-every N  seconds between two kills (default 20)
  --json FILE     writes every check there as well`;

/** @throws TypeError on what is no option. */
export function readSoakOptions(args: readonly string[], env: NodeJS.ProcessEnv): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "30" },
      workers: { type: "string", default: "3" },
      rate: { type: "string", default: "50" },
      "kill-every": { type: "string", default: "20" },
      json: { type: "string" },
    },
  });
  const workers = wholeNumber("--workers", values.workers);
  if (workers < 2) throw new TypeError("--workers must be 2 or more: the first is never killed");
  return {
    redisUrl: env["REDIS_URL"] ?? "redis://127.0.0.1:6379",
    minutes: wholeNumber("--minutes", values.minutes),
    workers,
    rate: wholeNumber("--rate", values.rate),
    killEverySeconds: wholeNumber("--kill-every", values["kill-every"]),
    json: values.json,
  };
}
