import { durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf, valueOf } from "./support/bench.ts";
import { failedSeed, pendingSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("durableExecute", (bench) => {
  it("FA-SYNC-01: completion-only on an empty journal runs fn once and writes once", async () => {
    const fn = vi.fn(() => "ok");
    const call = durable("call", fn);

    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(call)));

    expect(report.output).toBe("ok");
    expect(fn).toHaveBeenCalledOnce();
    expect(report.ops).toEqual(["record"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED" }]);
  });

  it("FA-SYNC-02: reconcilable on an empty journal runs fn once, asks nobody and writes twice", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
    );

    expect(report.output).toBe("ok");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([1, 0]);
    expect(report.ops).toEqual(["append", "finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED" }]);
  });

  it("FA-SYNC-03: an awaited handle behaves as the other form does", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecuteAsync(call, [], { reconciler })),
    );

    expect(report.output).toBe("ok");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([1, 0]);
    expect(report.ops).toEqual(["append", "finalize"]);
  });

  it("FA-SYNC-04: a reconcilable fn that throws gives the very error, two writes, FAILED", async () => {
    const error = new Error("declined");
    const fn = vi.fn((): string => {
      throw error;
    });
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);
    let seen: unknown;

    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(call, [], { reconciler }).catch((caught: unknown) => {
          seen = caught;
        });
      }),
    );

    expect(seen).toBe(error);
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([1, 0]);
    expect(report.ops).toEqual(["append", "finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "FAILED" }]);
  });

  it("FA-SYNC-05: a SUCCEEDED record answers; nothing runs and nothing is written", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
      { journal: [succeededSeed(call, "cached")] },
    );

    expect(report.output).toBe("cached");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 0]);
    expect(report.ops).toEqual([]);
  });

  it("FA-SYNC-06: a FAILED record throws with class and text; nothing runs, nothing is written", async () => {
    class IllegalState extends Error {
      override name = "IllegalState";
    }
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
      { journal: [failedSeed(call, new IllegalState("cached failure"))] },
    );

    expect(String(report.error)).toBe("IllegalState: cached failure");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 0]);
    expect(report.ops).toEqual([]);
  });

  it("FA-SYNC-07: over a matching PENDING slot the reconciler answers, fn never runs, one write", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
      { journal: [pendingSeed(call)] },
    );

    expect(report.output).toBe("recovered");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 1]);
    expect(report.ops).toEqual(["finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED", reconciled: true }]);
  });

  it("FA-SYNC-08: a reconciler that throws gives that very error, one write, FAILED", async () => {
    const error = new Error("refused");
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn((): string => {
      throw error;
    });
    const call = durable("call", fn);
    let seen: unknown;

    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(call, [], { reconciler }).catch((caught: unknown) => {
          seen = caught;
        });
      }),
      { journal: [pendingSeed(call)] },
    );

    expect(seen).toBe(error);
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 1]);
    expect(report.ops).toEqual(["finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "FAILED", reconciled: true }]);
  });

  it("FA-SYNC-09: a PENDING slot of another id is cleared, and the call runs as new", async () => {
    const fn = vi.fn(() => "fresh");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
      { journal: [pendingSeed("another")] },
    );

    expect(report.output).toBe("fresh");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([1, 0]);
    expect(report.ops).toEqual(["clear", "append", "finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, functionId: "call", status: "SUCCEEDED" }]);
  });

  it("FA-REC-01: a reconcilable call on an empty journal writes append, then finalize", async () => {
    const call = durable("call", (a: number, b: number) => a + b);
    const reconciler = vi.fn(() => 0);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [5, 10], { reconciler })),
    );

    expect(report.output).toBe(15);
    expect([reconciler.mock.calls.length, report.ops]).toEqual([0, ["append", "finalize"]]);
    expect(report.calls).toMatchObject([{ status: "SUCCEEDED" }]);
  });

  it("FA-REC-02: over PENDING the reconciler's result is what finalize writes", async () => {
    const fn = vi.fn((x: number) => x);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [1], { reconciler: async () => 99 })),
      { journal: [pendingSeed(call, [1])] },
    );

    expect([report.output, valueOf(report.calls[0])]).toEqual([99, 99]);
    expect([fn.mock.calls.length, report.ops]).toEqual([0, ["finalize"]]);
  });

  it("FA-REC-03: over PENDING a reconciler that throws is a FAILED call with type and text", async () => {
    const fn = vi.fn();
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) =>
        ctx.durableExecute(call, [], {
          reconciler: () => {
            throw new RangeError("not there");
          },
        }),
      ),
      { journal: [pendingSeed(call)] },
    );

    expect(report.error).toEqual(new RangeError("not there"));
    expect([fn.mock.calls.length, report.ops]).toEqual([0, ["finalize"]]);
    expect(valueOf(report.calls[0])).toEqual(new RangeError("not there"));
    expect(report.run.outcome?.failedSlot).toBe(0);
  });

  it("FA-REC-04: PENDING of the same function with other arguments is cleared, with all behind it", async () => {
    const fn = vi.fn((x: number) => x * 2);
    const reconciler = vi.fn(() => 0);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [21], { reconciler })),
      { journal: [pendingSeed(call, [20]), succeededSeed("behind", 1)] },
    );

    expect(report.output).toBe(42);
    expect([fn.mock.calls, reconciler.mock.calls.length]).toEqual([[[21]], 0]);
    expect(report.ops).toEqual(["clear", "append", "finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, functionId: "call", status: "SUCCEEDED" }]);
  });

  it("FA-REC-08: a function that takes whatever it is given is given its arguments only", async () => {
    const fn = vi.fn((...args: number[]) => args.length);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [1, 2], { reconciler: () => 0 })),
    );

    expect(fn.mock.calls).toEqual([[1, 2]]);
    expect(report.output).toBe(2);
  });
});
