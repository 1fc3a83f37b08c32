import path from "node:path";
import { expect, test } from "vitest";
import { readDocument } from "./support/documents.ts";

const FAULTS = Array.from({ length: 32 }, (_, index) => `F${index + 1}`);

const ROW = /^\| \*\*(?<fault>F\d+)\*\*[^|]*\| (?<behaviour>[^|]+) \| (?<tests>[^|]*)\|$/gm;

interface Row {
  readonly fault: string;
  readonly behaviour: string;
  /** The files of its tests, from the root of the repository. */
  readonly tests: readonly string[];
}

const rows = [...readDocument("docs/faults.md").text.matchAll(ROW)].map(
  ({ groups: { fault = "", behaviour = "", tests = "" } = {} }): Row => ({
    fault,
    behaviour,
    tests: [...tests.matchAll(/\((?<file>[^)]+)\)/g)].map((link) =>
      path.posix.join("docs", link.groups?.["file"] ?? ""),
    ),
  }),
);

test("every fault has its row, in order", () => {
  expect(rows.map(({ fault }) => fault)).toEqual(FAULTS);
});

test("every row names a test, or says that the fault does not apply", () => {
  const bare = rows.filter(({ tests, behaviour }) => {
    return tests.length === 0 && !behaviour.startsWith("Does not apply");
  });

  expect(bare).toEqual([]);
});

test.each(rows.flatMap((row) => row.tests.map((file) => ({ ...row, file }))))(
  "$fault is in the title of a test of $file",
  ({ fault, file }) => {
    const { text } = readDocument(file);

    expect(text).toMatch(new RegExp(`["'\`](?:F\\d+ )*${fault}\\b`));
  },
);
