import { durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf } from "./support/bench.ts";
import { gate } from "./support/gate.ts";
import { failedSeed, pendingSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("batches of handles", (bench) => {
  it("FA-NX-03: a batch reserves its slots in one batch of writes, then writes one outcome each", async () => {
    const { port } = bench();
    const both = gate(2);
    const batchesWhileRunning: number[] = [];
    const call = durable("call", async (x: number) => {
      await both.arrive();
      batchesWhileRunning.push(port.batches);
      return x;
    });
    const reconciler = (): number => 0;
    let batchesBefore = 0;

    const report = await bench().run(
      actionOf((ctx) => {
        batchesBefore = port.batches;
        return ctx.gather([
          ctx.durableExecuteAsync(call, [1], { reconciler }),
          ctx.durableExecuteAsync(call, [2], { reconciler }),
        ]);
      }),
    );

    expect(batchesWhileRunning).toEqual([batchesBefore + 1, batchesBefore + 1]);
    expect(report.ops).toEqual(["append", "append", "finalize", "finalize"]);
    expect(report.calls.map(({ slot }) => slot)).toEqual([0, 1]);
  });

  it("FA-NX-04: the calls of a batch run in parallel", async () => {
    const all = gate(3);
    const call = durable("call", async (x: number) => {
      await all.arrive();
      return x;
    });

    const report = await bench().run(
      actionOf((ctx) => ctx.gather([1, 2, 3].map((x) => ctx.durableExecuteAsync(call, [x])))),
    );

    expect(report.output).toMatchObject([{ value: 1 }, { value: 2 }, { value: 3 }]);
  });

  it("FA-NX-05: outcomes come in input order, whatever the order of completion", async () => {
    const order = gate(3);
    const call = durable("call", async (x: number) => {
      await order.arrive();
      for (let wait = x; wait < 3; wait++) await new Promise((resolve) => setImmediate(resolve));
      return x;
    });

    const report = await bench().run(
      actionOf((ctx) => ctx.gather([0, 1, 2].map((x) => ctx.durableExecuteAsync(call, [x])))),
    );

    expect(report.output).toMatchObject([{ value: 0 }, { value: 1 }, { value: 2 }]);
    const bySeq = report.calls.map((done) => ("seq" in done ? done.seq : undefined));
    expect(bySeq).toEqual([2, 1, 0]);
  });

  it("FA-NX-06: when one call fails, the others' outcomes are delivered all the same", async () => {
    const call = durable("call", (x: number) => {
      if (x === 1) throw new RangeError("one");
      return x;
    });
    let rejected: unknown;

    const report = await bench().run(
      actionOf(async (ctx) => {
        const results = await ctx.gather([0, 1, 2].map((x) => ctx.durableExecuteAsync(call, [x])));
        rejected = results[1]?.status === "rejected" && results[1].reason;
        return results.map(({ status }) => status);
      }),
    );

    expect(report.output).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(rejected).toEqual(new RangeError("one"));
  });

  it("FA-NX-07, FA-NX-10: of a half-done batch only what is PENDING goes on, by its reconciler", async () => {
    const fn = vi.fn((x: number) => x);
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn as (x: number) => unknown);

    const report = await bench().run(
      actionOf((ctx) =>
        ctx.gather([1, 2, 3].map((x) => ctx.durableExecuteAsync(call, [x], { reconciler }))),
      ),
      {
        journal: [
          succeededSeed(call, "one", [1], { after: 0 }),
          pendingSeed(call, [2], { after: 0 }),
          succeededSeed(call, "three", [3], { after: 0 }),
        ],
      },
    );

    expect(report.output).toMatchObject([
      { value: "one" },
      { value: "recovered" },
      { value: "three" },
    ]);
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 1]);
    expect(report.ops).toEqual(["finalize"]);
  });

  it("FA-NX-07: without a reconciler what is PENDING runs again, and nothing else does", async () => {
    const fn = vi.fn((x: number) => `ran ${x}`);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.gather([1, 2].map((x) => ctx.durableExecuteAsync(call, [x])))),
      {
        journal: [
          succeededSeed(call, "one", [1], { after: 0 }),
          pendingSeed(call, [2], { after: 0 }),
        ],
      },
    );

    expect(report.output).toMatchObject([{ value: "one" }, { value: "ran 2" }]);
    expect([fn.mock.calls, report.ops]).toEqual([[[2]], ["finalize"]]);
  });

  it("FA-NX-08: a recorded failure is delivered as an outcome, and nothing is written", async () => {
    const fn = vi.fn();
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => {
        const [result] = await ctx.gather([ctx.durableExecuteAsync(call)]);
        return result.status === "rejected" && String(result.reason);
      }),
      { journal: [failedSeed(call, new TypeError("recorded"))] },
    );

    expect(report.output).toBe("TypeError: recorded");
    expect([fn.mock.calls.length, report.ops]).toEqual([0, []]);
  });

  it("FA-NX-09: a payload that cannot be read is never shown to the action: the attempt ends and writes nothing", async () => {
    const call = durable("call", (x: number) => x);
    const seen = vi.fn();

    const report = await bench().run(
      actionOf(async (ctx) => {
        seen(await ctx.gather([1, 2].map((x) => ctx.durableExecuteAsync(call, [x]))));
      }),
      {
        journal: [
          { ...succeededSeed(call, 0, [1], { after: 0 }), payload: Uint8Array.of(99, 1) },
          succeededSeed(call, "two", [2], { after: 0 }),
        ],
      },
    );

    const message = expect.stringContaining("slot 0: the recorded outcome of call cannot be read");
    expect(report.end).toMatchObject({ kind: "broken", error: { code: "SERIALIZATION", message } });
    expect(seen).not.toHaveBeenCalled();
    expect([report.ops, report.run.status]).toEqual([[], "RUNNING"]);
  });

  it("FA-NX-13: a handle that was never awaited is never run later", async () => {
    const fn = vi.fn(() => 1);
    const call = durable("call", fn);
    const action = actionOf((ctx) => {
      void ctx.durableExecuteAsync(call);
      return "done";
    });

    const report = await bench().run(action);
    await expect(bench().attempt(action, report.runId)).rejects.toThrow(/settled/);

    expect([fn.mock.calls.length, report.ops]).toEqual([0, []]);
  });

  it("FA-NX-14: no more calls are under way at once than the cap allows", async () => {
    let running = 0;
    let most = 0;
    const call = durable("call", async (x: number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return x;
    });

    const report = await bench().run(
      actionOf((ctx) =>
        ctx.gather(
          Array.from({ length: 9 }, (_, x) => ctx.durableExecuteAsync(call, [x])),
          { concurrency: 3 },
        ),
      ),
    );

    expect(most).toBe(3);
    expect(report.output).toHaveLength(9);
    expect(report.calls).toHaveLength(9);
  });

  it("FA-NX-15: cap and time-out are options, and a bad one is refused", async () => {
    const call = durable("call", () => 1);
    const bad = [
      actionOf((ctx) => ctx.gather([ctx.durableExecuteAsync(call)], { concurrency: 0 })),
      actionOf((ctx) => ctx.durableExecute(call, [], { timeoutMs: -1 })),
    ];

    for (const action of bad) {
      const report = await bench().run(action);
      expect(report.error).toMatchObject({ name: "TypeError" });
    }
  });
});
