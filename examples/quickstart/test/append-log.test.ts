import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AppendLog, readLog } from "../src/append-log.ts";
import { compile } from "./compiled.ts";

let dir: string;
let file: string;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-log-"));
  file = path.join(dir, "log.ndjson");
});

afterEach(() => fs.rmSync(dir, { recursive: true }));

it("has no entries before the first", () => {
  expect(readLog(file)).toEqual([]);
});

it("keeps what several writers append, in order", () => {
  const one = new AppendLog(file);
  const other = new AppendLog(file);

  one.append({ n: 1 });
  other.appendDurably({ n: 2, text: "two\nlines" });
  one.append({ n: 3 });

  expect(readLog(file)).toEqual([{ n: 1 }, { n: 2, text: "two\nlines" }, { n: 3 }]);
});

it("leaves out a last line that is still being written", () => {
  fs.writeFileSync(file, '{"n":1}\n{"n":');

  expect(readLog(file)).toEqual([{ n: 1 }]);
});

it("has every entry that was appended before a SIGKILL", () => {
  const source = path.join(compile(), "append-log.js");
  const program = `
    import { AppendLog } from ${JSON.stringify(source)};
    const log = new AppendLog(${JSON.stringify(file)});
    for (let n = 0; n < 500; n++) log.append({ n });
    process.kill(process.pid, "SIGKILL");
  `;

  const { signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);

  expect(signal).toBe("SIGKILL");
  expect(readLog(file)).toHaveLength(500);
});
