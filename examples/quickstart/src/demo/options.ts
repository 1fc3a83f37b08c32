import path from "node:path";
import { parseArgs } from "node:util";

/** What `npm start -- …` was asked for. */
export interface DemoOptions {
  /** Decides the gateway's faults and who is killed when. */
  readonly seed: number;
  readonly ordersFile: string;
  readonly reconcilers: boolean;
  readonly keep: boolean;
}

export const USAGE = `npm start -- [--seed N] [--orders FILE] [--keep] [--no-reconcilers]
  --seed N           repeats gateway faults and kill times (default 1)
  --orders FILE      orders to place, one JSON object a line
  --keep             stay up afterwards, with workers and board, until Ctrl-C
  --no-reconcilers   show what reconcilers are for: without them this must fail`;

const OWN_ORDERS = path.join(import.meta.dirname, "../../orders.ndjson");

/** @throws TypeError on an unknown option or a seed that is no whole number. */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      orders: { type: "string", default: OWN_ORDERS },
      keep: { type: "boolean", default: false },
      "no-reconcilers": { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0 || values.seed.trim() === "") {
    throw new TypeError(`--seed must be a whole number from 0, not "${values.seed}"`);
  }
  return {
    seed,
    ordersFile: path.resolve(values.orders),
    reconcilers: !values["no-reconcilers"],
    keep: values.keep,
  };
}
