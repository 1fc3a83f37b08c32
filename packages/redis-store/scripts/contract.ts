import type { Field } from "../src/script.ts";

interface Outcome {
  readonly tag: string;
  readonly fields: readonly Field[];
}

/** What the headers of a script and of its includes state. */
export interface Contract {
  readonly keys: readonly Field[];
  readonly args: readonly Field[];
  readonly outcomes: readonly Outcome[];
}

/** The first header names the operands; every header may name outcomes. */
export function parseContract(file: string, lua: string): Contract {
  const headers = [...lua.matchAll(/^--\[\[(?<text>[\s\S]*?)\]\]/gm)].map(
    (match) => match.groups?.["text"] ?? "",
  );
  const [operands] = headers;
  if (operands === undefined) throw new Error(`${file}: the header comment is missing`);
  return {
    keys: parseOperands(file, operands, "KEYS"),
    args: parseOperands(file, operands, "ARGV"),
    outcomes: headers.flatMap((header) => parseOutcomes(file, header)),
  };
}

/** Reads `KEYS[1] name type` lines, numbered from 1 without a gap; the last may be a list, `KEYS[2..] names list`. */
function parseOperands(file: string, header: string, kind: "KEYS" | "ARGV"): Field[] {
  const line = new RegExp(
    `^\\s*${kind}\\[(?<n>\\d+)(?<rest>\\.\\.)?\\]\\s+(?<name>\\w+)\\s+(?<type>\\w+)`,
    "gm",
  );
  const matches = [...header.matchAll(line)];
  return matches.map((match, index) => {
    const { n, rest, name = "", type = "" } = match.groups ?? {};
    if (Number(n) !== index + 1) throw new Error(`${file}: ${kind}[${n}] is out of order`);
    const isList = rest !== undefined;
    if (isList !== (type === "list") || (isList && index + 1 < matches.length)) {
      throw new Error(`${file}: ${kind}[${n}]: a list is written [${n}..] and comes last`);
    }
    return { name, type };
  });
}

/** Reads what follows the line `returns`: a word and its fields, `word name:type ... remark`; fields may go on below. */
function parseOutcomes(file: string, header: string): Outcome[] {
  const [, returns = ""] = header.split(/^\s*returns\s*$/m);
  const outcomes: { tag: string; fields: Field[] }[] = [];
  for (const line of returns.split("\n")) {
    const { tag, fields = "" } =
      /^\s+(?:(?<tag>[a-z]+)(?=\s|$))?(?<fields>(?:\s*\b\w+:\w+)*)/.exec(line)?.groups ?? {};
    if (tag !== undefined) outcomes.push({ tag, fields: [] });
    const parsed = [...fields.matchAll(/(?<name>\w+):(?<type>\w+)/g)].map(
      ({ groups: { name = "", type = "" } = {} }) => ({ name, type }),
    );
    const last = outcomes.at(-1);
    if (last !== undefined) last.fields.push(...parsed);
    else if (parsed.length > 0) throw new Error(`${file}: fields without a word: ${line.trim()}`);
  }
  return outcomes;
}
