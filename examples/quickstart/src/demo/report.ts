import { distinctOrders, type OrderFile } from "../order-file.ts";
import type { Stage } from "./processes.ts";
import { settings } from "./settings.ts";
import type { Tally, Verdict } from "./verdict.ts";

/** What is about to happen. */
export function introduction({ options }: Stage, file: OrderFile, boardUrl: string): string {
  const { workers, concurrency, lockDurationMs, stalledIntervalMs, kills } = settings;
  return [
    `${distinctOrders(file.lines).length} orders in ${file.lines.length} valid lines; ${file.refused.length} lines are refused:`,
    ...file.refused.map(({ line, reason }) => `  line ${line}: ${reason}`),
    "",
    `Seed ${options.seed}. ${workers} workers take ${concurrency} orders at a time each; ${kills.count} times one is killed.`,
    `Locks are short for the show: ${lockDurationMs} ms, looked after every ${stalledIntervalMs} ms.`,
    options.reconcilers
      ? "The gateway books every request it gets; reconcilers are all that stands against double charges."
      : "RECONCILERS ARE OFF: customers are about to be charged twice.",
    `Board: ${boardUrl}`,
    "",
  ].join("\n");
}

/** One line on how far it is. */
export function progressLine(tally: Tally): string {
  const { accepted, settled, bookings, replayed, reconciled, unknown, kills, wallMs } = tally;
  return [
    seconds(wallMs).padStart(6),
    `settled ${String(settled).padStart(3)}/${accepted}`,
    `bookings ${bookings}`,
    `replayed ${replayed}`,
    `reconciled ${reconciled}`,
    `unknown ${unknown}`,
    `kills ${kills}`,
  ].join("  ");
}

/** The table at the end, and what is wrong. */
export function report({ tally, problems }: Verdict): string {
  const rows = [
    ["orders accepted", tally.accepted],
    ["settled", tally.settled],
    ["declined", tally.declined],
    ["bookings", tally.bookings],
    ["doubled", tally.doubled],
    ["lost", tally.lost],
    ["replayed calls", tally.replayed],
    ["reconciled calls", tally.reconciled],
    ["unknown outcomes", tally.unknown],
    ["kills", tally.kills],
    ["wall time", seconds(tally.wallMs)],
  ] as const;
  const table = rows.map(([label, value]) => `  ${label.padEnd(18)}${String(value).padStart(8)}`);
  return ["", ...table, "", ...conclusion(problems)].join("\n");
}

const SHOWN = 12;

function conclusion(problems: readonly string[]): string[] {
  if (problems.length === 0) return ["PASS: every accepted order was booked exactly once."];
  const hidden = problems.length - SHOWN;
  return [
    `FAIL: ${problems.length} problem${problems.length === 1 ? "" : "s"}`,
    ...problems.slice(0, SHOWN).map((problem) => `  - ${problem}`),
    ...(hidden > 0 ? [`  - and ${hidden} more`] : []),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
