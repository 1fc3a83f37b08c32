import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { parseContract } from "../scripts/contract.ts";
import { generate } from "../scripts/generate.ts";

const LUA = new URL("../lua/", import.meta.url);
const HEADER = `--[[
  sample: does a thing.

  KEYS[1]    live  zset  what it holds
  KEYS[2..]  runs  list  the rest

  ARGV[1] name   str    what it means
  ARGV[2] count  int
  ARGV[3] data   bytes

  returns
    done                     with a remark
    refused  reason:str  at:int   another remark
             bytes:bytes
]]
return 'done'
`;

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function directoryOf(files: Readonly<Record<string, string>>): URL {
  const directory = mkdtempSync(path.join(os.tmpdir(), "refrain-lua-"));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
  return pathToFileURL(`${directory}/`);
}

describe("the generated scripts", () => {
  it("are those of the files as they are", () => {
    const generated = readFileSync(new URL("../src/scripts.generated.ts", import.meta.url), "utf8");

    expect(generate(LUA)).toBe(generated);
  });

  it("are typed by their headers, and hold their includes' text", () => {
    const directory = directoryOf({ "first-step.lua": `#!lua\n${HEADER}--@include parts/inner\n` });
    mkdirSync(new URL("parts/", directory));
    const inner = "--[[\n  inner\n\n  returns\n    more  of:int\n]]\n";
    writeFileSync(new URL("parts/inner.lua", directory), inner);

    const generated = generate(directory);

    expect(generated).toContain(
      "export const firstStep: Script<{ readonly live: string; readonly runs: readonly string[] }, " +
        "{ readonly name: string; readonly count: number; readonly data: Uint8Array }, " +
        '{ readonly tag: "done" } | ' +
        '{ readonly tag: "refused"; readonly reason: string; readonly at: number; readonly bytes: Buffer | null } | ' +
        '{ readonly tag: "more"; readonly of: number }>',
    );
    expect(generated).not.toContain("--@include");
  });
});

describe("a contract", () => {
  const flaws = {
    "without a header": ["return 1", /header comment is missing/],
    "with operands out of order": [
      HEADER.replace("ARGV[2]", "ARGV[4]"),
      /ARGV\[4\] is out of order/,
    ],
    "with a list before its end": [HEADER.replace("KEYS[1]  ", "KEYS[1..]"), /a list is written/],
    "with a list that is not marked": [
      HEADER.replace("KEYS[2..]", "KEYS[2]  "),
      /a list is written/,
    ],
    "with fields before any word": [
      HEADER.replace("    done                     with a remark\n", "    at:int\n"),
      /fields without a word/,
    ],
  } as const;
  for (const [what, [lua, message]] of Object.entries(flaws)) {
    it(`is refused ${what}`, () => {
      expect(() => parseContract("sample.lua", lua)).toThrow(message);
    });
  }

  it("is refused with a type nobody knows", () => {
    const directory = directoryOf({ "sample.lua": HEADER.replace("int\n  ARGV", "float\n  ARGV") });

    expect(() => generate(directory)).toThrow(/count has an unknown type, float/);
  });
});
