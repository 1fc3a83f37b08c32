import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { documentedWarnings, fixedClauses } from "./support/documented-warnings.ts";
import { readDocument, root } from "./support/documents.ts";

/**
 * Where warnings come from. A new one needs a section in docs/writing-actions.md: symptom, cause, fix. Then count it here.
 */
const PLACES: Readonly<Record<string, number>> = {
  "core/src/calls/attempt-calls.ts": 2,
  "core/src/calls/outcomes.ts": 2,
  "core/src/calls/last-calls.ts": 1,
  "redis-store/src/judge-server.ts": 5,
  "refrain/src/become-ready.ts": 2,
  "refrain/src/create-worker.ts": 1,
  "worker/src/attempt-reporter.ts": 7,
  "worker/src/connection-log.ts": 2,
  "worker/src/lock-keeper.ts": 2,
  "worker/src/process-job.ts": 3,
  "worker/src/rescuers.ts": 3,
  "worker/src/run-worker.ts": 3,
  "worker/src/server-clock.ts": 1,
  "worker/src/watch-shards.ts": 1,
};

const WARNS =
  /\.warn\(| onTrouble\(|type: "warning",|warnings\.push\(|yield warning\(|\? warning :|^ {4}warning\(/gm;

const sources = ["core", "redis-store", "client", "worker", "refrain"].flatMap((name) => {
  const folder = `packages/${name}/src`;
  return readdirSync(path.join(root, folder), { encoding: "utf8", recursive: true })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".generated.ts"))
    .map((file) => readDocument(`${folder}/${file}`));
});
const allSource = sources.map(({ text }) => text).join("\n");

test("every place that warns is known, so that no warning goes without a section", () => {
  const found = sources.flatMap(({ file, text }) => {
    const count = [...text.matchAll(WARNS)].length;
    return count === 0 ? [] : [[file.replace("packages/", ""), count]];
  });

  expect(Object.fromEntries(found)).toEqual(PLACES);
});

test("every code of an attempt's warnings has a section of its name", () => {
  const source = readFileSync(path.join(root, "packages/core/src/ports/attempt.ts"), "utf8");
  const union = /export type AttemptWarning =(?<codes>[^;]+);/.exec(source)?.groups?.["codes"];
  const codes = [...(union ?? "").matchAll(/"(?<code>[^"]+)"/g)].map((code) => code[1]);

  expect(codes).not.toEqual([]);
  expect(documentedWarnings().map(({ name }) => name)).toEqual(expect.arrayContaining(codes));
});

test("every documented warning is one that the sources give", () => {
  const missing = documentedWarnings().filter(({ symptom }) => !isInSource(symptom));

  expect(missing).toEqual([]);
});

test("every documented error line is one that the sources give", () => {
  const { text } = readDocument("docs/writing-actions.md");
  const part = text.split(/^## /m).find((section) => section.startsWith("Errors in the log\n"));
  const messages = [...(part ?? "").matchAll(/^\| `(?<message>[^`]+)`/gm)].map(
    (row) => row[1] ?? "",
  );

  expect(messages.length).toBeGreaterThan(5);
  expect(messages.filter((message) => !isInSource(message))).toEqual([]);
});

function isInSource(message: string): boolean {
  const clauses = fixedClauses(message);
  return clauses.length > 0 && clauses.every((clause) => allSource.includes(clause));
}
