import { readFile, writeFile } from "node:fs/promises";

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
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
