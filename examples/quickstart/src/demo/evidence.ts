import fs from "node:fs";
import path from "node:path";
import { readLog } from "../append-log.ts";
import type { Booking } from "../gateway/ledger.ts";
import type { Mail } from "../mailer.ts";
import type { Order } from "../order.ts";
import type { Intake, Outcome } from "../records.ts";
import type { LoggedEvent } from "../worker-events.ts";

/** What the processes wrote down, and what the orchestrator itself knows. Nobody's memory is asked. */
export interface Evidence {
  /** The orders that should have been accepted, worked out from the file alone. */
  readonly expected: readonly Order[];
  /** The orders whose cards the gateway declines. */
  readonly badCards: ReadonlySet<string>;
  readonly intakes: readonly Intake[];
  readonly outcomes: readonly Outcome[];
  readonly bookings: readonly Booking[];
  readonly mails: readonly Mail[];
  readonly events: readonly LoggedEvent[];
  /** Those that landed on a live worker. */
  readonly kills: number;
  /** Processes that ended though nobody had asked them to. */
  readonly accidents: readonly string[];
  /** From the first order to now, or to the last settled run. */
  readonly wallMs: number;
}

export type WrittenEvidence = Pick<
  Evidence,
  "intakes" | "outcomes" | "bookings" | "mails" | "events"
>;

export function readEvidence(dir: string): WrittenEvidence {
  const log = <Entry>(name: string) => readLog<Entry>(path.join(dir, `${name}.ndjson`));
  const workers = fs.readdirSync(dir).filter((name) => name.startsWith("events-"));
  return {
    intakes: log<Intake>("intake"),
    outcomes: log<Outcome>("outcomes"),
    bookings: log<Booking>("ledger"),
    mails: log<Mail>("mails"),
    events: workers.flatMap((name) => log<LoggedEvent>(path.parse(name).name)),
  };
}
