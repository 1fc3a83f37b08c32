import type { CommitPort } from "@refrain/core";
import { describe, expect, it } from "vitest";
import { CrashPoints } from "../src/crash-points.ts";

describe("CrashPoints", () => {
  it("dies at the named hit of the named point and at no other", () => {
    const deaths: string[] = [];
    const points = new CrashPoints({ at: "a:2,b", die: (point) => deaths.push(point) });

    for (const point of ["a", "c", "a", "a", "b", "b"]) points.hit(point);

    expect(deaths).toEqual(["a", "b"]);
  });

  it("stands before and after every claim and every kind of write", async () => {
    const passed: string[] = [];
    const points = new CrashPoints({
      at: ["claim", "append", "settle"].flatMap((op) => [`${op}.before`, `${op}.after`]).join(),
      die: (point) => passed.push(point),
    });
    const port: CommitPort = {
      send: async (batch) => {
        passed.push("sent");
        return batch.map(() => ({ word: "applied" }));
      },
    };
    const settlement = {
      status: "SUCCEEDED",
      payload: new Uint8Array(),
      failedSlot: undefined,
      retentionMs: 1,
    } as const;

    await points.wrapPort(port).send([
      {
        kind: "write",
        runId: "run",
        nonce: "nonce",
        n: 1,
        entries: [
          { op: "append", slot: 0, bytes: new Uint8Array() },
          { op: "settle", settlement },
        ],
      },
    ]);

    expect(passed).toEqual([
      "append.before",
      "settle.before",
      "sent",
      "append.after",
      "settle.after",
    ]);
  });

  it("stands around a function, which keeps its arguments and its result", async () => {
    const passed: string[] = [];
    const points = new CrashPoints({
      at: "charge.before,charge.after",
      die: (point) => passed.push(point),
    });

    const charge = points.around("charge", (cents: number) => {
      passed.push("charging");
      return cents * 2;
    });

    expect(await charge(21)).toBe(42);
    expect(passed).toEqual(["charge.before", "charging", "charge.after"]);
  });
});
