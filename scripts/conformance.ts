// Writes docs/conformance.md: every behaviour of the model system's tests, with the tests here that hold it, or one line
// of reason. `--check` writes nothing and fails when the page is out of date or a behaviour has neither, or both.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const PAGE = "docs/conformance.md";

const GROUPS: Readonly<Record<string, string>> = {
  "FA-ID": "Function ids",
  "FA-DIG": "Digests of arguments",
  "FA-RV": "Validation of reconcilers",
  "FA-SER": "Values and errors as bytes",
  "FA-CR": "Call results",
  "FA-AS": "The journal as a value",
  "FA-DEC": "Journal primitives",
  "FA-SYNC": "Calls",
  "FA-ASYNC": "Handles",
  "FA-REC": "Reconcilable calls and their writes",
  "FA-LOC": "The local runner",
  "FA-SD": "State as bytes",
  "FA-KEY": "Keys of runs",
  "FA-OP": "Order, recovery, short-circuit",
  "FA-DEM": "With and without a store",
  "FA-CTX": "Contexts of attempts",
  "FA-RTY": "Retries",
  "FA-E2E": "End to end",
  "FA-NX": "The model's newest direction",
  "FA-OBS": "Decided on purpose",
};

const behaviours = readJson("docs/conformance-behaviours.json");
const reasons = readJson("docs/conformance-reasons.json");
const tests = findTests();
const problems = findProblems();
const page = renderPage();

if (process.argv.includes("--check")) {
  if (read(PAGE) !== page) problems.push(`${PAGE} is out of date: run \`pnpm gen\``);
} else {
  writeFileSync(path.join(root, PAGE), page);
}
for (const problem of problems) console.error(problem);
const covered = Object.keys(behaviours).filter((id) => tests.has(id)).length;
console.log(`${covered} of ${Object.keys(behaviours).length} behaviours have tests`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Which test files have a title that starts with an id, or with a list of ids. */
function findTests(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const titles = /(?<quote>["'`])(?<ids>FA-[A-Z0-9]+-\d+(?:,? FA-[A-Z0-9]+-\d+)*)[: ]/g;
  for (const file of testFiles()) {
    for (const title of read(file).matchAll(titles)) {
      for (const id of title.groups?.["ids"]?.split(/,? /) ?? []) {
        const files = found.get(id) ?? [];
        if (!files.includes(file)) found.set(id, [...files, file]);
      }
    }
  }
  return found;
}

function testFiles(): string[] {
  return readdirSync(path.join(root, "packages"))
    .map((name) => path.posix.join("packages", name, "test"))
    .filter((directory) => existsSync(path.join(root, directory)))
    .flatMap((directory) =>
      readdirSync(path.join(root, directory), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".test.ts"))
        .map((file) => path.posix.join(directory, file)),
    )
    .toSorted();
}

function findProblems(): string[] {
  const ids = Object.keys(behaviours);
  return [
    ...ids
      .filter((id) => !tests.has(id) && reasons[id] === undefined)
      .map((id) => `${id} has neither a test nor a reason: ${behaviours[id]}`),
    ...Object.keys(reasons)
      .filter((id) => tests.has(id))
      .map((id) => `${id} has a test now (${tests.get(id)?.join(", ")}): remove its reason`),
    ...[...Object.keys(reasons), ...tests.keys()]
      .filter((id) => behaviours[id] === undefined)
      .map((id) => `${id} is no behaviour of docs/conformance-behaviours.json`),
  ];
}

function renderPage(): string {
  const sections = Object.entries(GROUPS).map(([group, title]) => {
    const ids = Object.keys(behaviours).filter((id) => id.startsWith(`${group}-`));
    const lines = ids.map((id) => `- **${id}** ${behaviours[id]}: ${evidenceFor(id)}`);
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  return `# Conformance

Written by \`scripts/conformance.ts\`; do not edit.

Refrain's durable calls follow the model of Apache Flink Agents. Each line is one behaviour that the model's own tests
assert, or, at the end, one that was decided on purpose. A test whose title starts with the id holds it; where a
behaviour has no place in this design, the reason stands instead.

${sections.join("\n")}`;
}

function evidenceFor(id: string): string {
  const files = tests.get(id);
  if (files === undefined) return reasons[id] ?? "**missing**";
  return files.map((file) => `[${path.basename(file, ".test.ts")}](../${file})`).join(", ");
}

function readJson(file: string): Readonly<Record<string, string>> {
  return JSON.parse(read(file)) as Record<string, string>;
}

function read(file: string): string {
  try {
    return readFileSync(path.join(root, file), "utf8");
  } catch {
    return "";
  }
}
