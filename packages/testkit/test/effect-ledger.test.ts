import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EffectLedger } from "../src/effect-ledger.ts";

describe("EffectLedger", () => {
  it("reads back what was written, and counts it by key", () => {
    const ledger = new EffectLedger();

    ledger.write({ kind: "effect", key: "a", cents: 5 });
    ledger.write({ kind: "effect", key: "b" });
    ledger.write({ kind: "begin", key: "a" });
    ledger.write({ kind: "effect", key: "a" });

    expect(ledger.read()[0]).toEqual({ kind: "effect", key: "a", cents: 5 });
    expect(Object.fromEntries(ledger.counts("effect"))).toEqual({ a: 2, b: 1 });
    expect([ledger.count("begin", "a"), ledger.count("begin", "b")]).toEqual([1, 0]);
    ledger.close();
  });

  it("keeps every event of a process that killed itself right after writing it", () => {
    const ledger = new EffectLedger();
    const program = fileURLToPath(new URL("./programs/write-and-die.ts", import.meta.url));

    const { signal } = spawnSync(process.execPath, ["--import", "tsx", program, ledger.path], {
      env: { ...process.env, REFRAIN_CRASH_AT: "written:3" },
    });

    expect(signal).toBe("SIGKILL");
    expect(ledger.read().map(({ key }) => key)).toEqual(["1", "2", "3"]);
    ledger.close();
  });

  it("leaves out a line that a crash cut off", () => {
    const ledger = new EffectLedger();
    ledger.write({ kind: "effect", key: "whole" });

    appendFileSync(ledger.path, '{"kind":"eff');

    expect(ledger.read()).toEqual([{ kind: "effect", key: "whole" }]);
    ledger.close();
  });
});
