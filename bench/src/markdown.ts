import { readFile, writeFile } from "node:fs/promises";
import { columnWidths } from "./text-table.ts";

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  // No narrower than the dashes of a rule.
  const widths = columnWidths([head, ...rows]).map((width) => Math.max(width, 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/**
 * Replaces what a document holds between `<!-- name -->` and `<!-- /name -->`, so that no figure is copied by hand.
 *
 * @throws TypeError when the document has no such section.
 */
export async function writeSection(file: string, name: string, text: string): Promise<void> {
  const document = await readFile(file, "utf8");
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = splitAt(document, start);
  const [, after] = splitAt(rest ?? "", end);
  if (after === undefined) throw new TypeError(`${file} has no section ${start} … ${end}`);
  await writeFile(file, `${before}${start}\n\n${text}\n\n${end}${after}`);
}

function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
