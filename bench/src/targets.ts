import { markdownTable } from "./markdown.ts";
import { conditionsOf, type Measurements } from "./measurements.ts";
import { rowsOf } from "./rows.ts";
import { textTable } from "./text-table.ts";

const HEAD = ["row", "what", "target", "measured", "verdict"];

/** The targets and what was measured, for a terminal. */
export function targetsText(measurements: Measurements): string {
  return textTable(HEAD, cellsOf(measurements), [1, 4]);
}

/** The same for a document, with the conditions it holds under. */
export function targetsMarkdown(measurements: Measurements): string {
  return `${conditionsOf(measurements)}.\n\n${markdownTable(HEAD, cellsOf(measurements))}`;
}

function cellsOf(measurements: Measurements): string[][] {
  return rowsOf(measurements).map(({ number, what, target, measured, verdict }) => [
    `${number}`,
    what,
    target,
    measured,
    verdict,
  ]);
}
