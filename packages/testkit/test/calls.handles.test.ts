import { durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf, valueOf } from "./support/bench.ts";
import { failedSeed, pendingSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("durableExecuteAsync", (bench) => {
  it("FA-ASYNC-01: completion-only on an empty journal runs fn once and writes once", async () => {
    const fn = vi.fn(async () => "ok");
    const call = durable("call", fn);

    const report = await bench().run(actionOf(async (ctx) => await ctx.durableExecuteAsync(call)));

    expect(report.output).toBe("ok");
    expect(fn).toHaveBeenCalledOnce();
    expect(report.ops).toEqual(["record"]);
    expect(report.calls).toMatchObject([{ status: "SUCCEEDED" }]);
  });

  it("FA-ASYNC-02: the slot is PENDING in the store while fn runs, and SUCCEEDED afterwards", async () => {
    const runId = "async-02";
    let whileRunning: unknown;
    const reconciler = vi.fn(() => "recovered");
    const fn = vi.fn(async () => {
      whileRunning = (await bench().read(runId)).calls;
      return "ok";
    });
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => await ctx.durableExecuteAsync(call, [], { reconciler })),
      { runId },
    );

    expect(whileRunning).toMatchObject([{ slot: 0, status: "PENDING" }]);
    expect(report.output).toBe("ok");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([1, 0]);
    expect(report.ops).toEqual(["append", "finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED" }]);
  });

  it("FA-ASYNC-03: over a SUCCEEDED record nothing runs and nothing is written", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => await ctx.durableExecuteAsync(call, [], { reconciler })),
      { journal: [succeededSeed(call, "cached")] },
    );

    expect(report.output).toBe("cached");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 0]);
    expect(report.ops).toEqual([]);
  });

  it("FA-ASYNC-04, FA-REC-06: over PENDING the reconciler answers, fn never runs, one finalize", async () => {
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => await ctx.durableExecuteAsync(call, [], { reconciler })),
      { journal: [pendingSeed(call)] },
    );

    expect(report.output).toBe("recovered");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 1]);
    expect(report.ops).toEqual(["finalize"]);
    expect(valueOf(report.calls[0])).toBe("recovered");
  });

  it("FA-ASYNC-05, FA-REC-07: a reconciler that throws is thrown at the await, as the same error", async () => {
    const error = new RangeError("not there");
    const fn = vi.fn(() => "ok");
    const call = durable("call", fn);
    const seen: unknown[] = [];

    const report = await bench().run(
      actionOf(async (ctx) => {
        const handle = ctx.durableExecuteAsync(call, [], {
          reconciler: () => {
            throw error;
          },
        });
        seen.push("created");
        await handle.catch((caught: unknown) => seen.push(caught));
      }),
      { journal: [pendingSeed(call)] },
    );

    expect(seen).toEqual(["created", error]);
    expect(seen[1]).toBe(error);
    expect([fn.mock.calls.length, report.ops]).toEqual([0, ["finalize"]]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "FAILED", reconciled: true }]);
    expect(valueOf(report.calls[0])).toEqual(error);
  });

  it("FA-REC-05: a handle writes nothing before it is awaited", async () => {
    const runId = "rec-05";
    const fn = vi.fn(() => "ok");
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", fn);
    const probe = durable("probe", async () => (await bench().read(runId)).calls.length);
    const seen: unknown[] = [];

    const report = await bench().run(
      actionOf(async (ctx) => {
        const handle = ctx.durableExecuteAsync(call, [], { reconciler });
        seen.push(await ctx.durableExecute(probe), fn.mock.calls.length);
        return handle;
      }),
      { runId },
    );

    expect(seen).toEqual([0, 0]);
    expect(report.output).toBe("ok");
    expect(report.ops).toEqual(["record", "append", "finalize"]);
    expect(reconciler).not.toHaveBeenCalled();
    expect(report.calls.map(({ functionId }) => functionId)).toEqual(["probe", "call"]);
  });

  it("FA-REC-05: a handle that nobody awaits leaves the journal empty and is announced", async () => {
    const fn = vi.fn(() => "ok");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => {
        void ctx.durableExecuteAsync(call, [], { reconciler: () => "recovered" });
        return "done";
      }),
    );

    expect([report.output, report.ops, fn.mock.calls.length]).toEqual(["done", [], 0]);
    expect(report.events).toContainEqual({ type: "handle-unused", functionId: "call" });
  });

  it("FA-OBS-03: a handle takes its slot when it is first awaited, not when it is made", async () => {
    const [first, second] = [durable("first", () => 1), durable("second", () => 2)];
    const action = actionOf(async (ctx) => {
      const [a, b] = [ctx.durableExecuteAsync(first), ctx.durableExecuteAsync(second)];
      return [await b, await a];
    });

    const report = await bench().run(action);

    const order = report.calls.map(({ slot, functionId }) => [slot, functionId]);
    expect(order).toEqual([
      [0, "second"],
      [1, "first"],
    ]);
    const journal = [succeededSeed(second, "two"), succeededSeed(first, "one")];
    const replayed = await bench().run(action, { journal });
    expect([replayed.output, replayed.ops]).toEqual([["two", "one"], []]);
  });

  it("FA-OBS-04: a recorded failure is thrown at the await, not when the handle is made", async () => {
    const call = durable("call", () => "ok");
    const seen: string[] = [];

    await bench().run(
      actionOf(async (ctx) => {
        const handle = ctx.durableExecuteAsync(call);
        seen.push("created");
        await handle.catch((error: unknown) => seen.push(String(error)));
      }),
      { journal: [failedSeed(call, new Error("recorded"))] },
    );

    expect(seen).toEqual(["created", "Error: recorded"]);
  });

  it("FA-OBS-05: a handle awaited twice runs and is recorded once", async () => {
    const fn = vi.fn(() => ({ made: "once" }));
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => {
        const handle = ctx.durableExecuteAsync(call);
        const both = await Promise.all([handle, handle]);
        return [...both, await handle];
      }),
    );

    expect(report.output).toEqual([{ made: "once" }, { made: "once" }, { made: "once" }]);
    expect([fn.mock.calls.length, report.ops]).toEqual([1, ["record"]]);
  });

  it("FA-OBS-06: a handle never awaited does not disturb the calls behind it, live or on replay", async () => {
    const unused = durable("unused", () => "never");
    const fn = vi.fn(() => "ran");
    const behind = durable("behind", fn);
    const action = actionOf((ctx) => {
      void ctx.durableExecuteAsync(unused);
      return ctx.durableExecute(behind);
    });

    const first = await bench().run(action);
    const replayed = await bench().run(action, { journal: [succeededSeed(behind, "recorded")] });

    expect([first.output, replayed.output]).toEqual(["ran", "recorded"]);
    expect([fn.mock.calls.length, replayed.ops]).toEqual([1, []]);
  });
});
