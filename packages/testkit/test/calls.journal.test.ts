import { currentCall, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf, valueOf } from "./support/bench.ts";
import { failedSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

// The model's primitives (match, record, the position in the journal), seen through what an action can do with them.
describeOnStores("journal primitives", (bench) => {
  const slotOf = durable("slot.of", () => currentCall().slot);

  it("FA-DEC-01: an attempt over two records starts at slot 0 over these very records", async () => {
    const fn = vi.fn(() => "ran");
    const [first, second] = [durable("first", fn), durable("second", fn)];
    const journal = [succeededSeed(first, 1), succeededSeed(second, 2)];

    const report = await bench().run(
      actionOf(async (ctx) => [await ctx.durableExecute(first), await ctx.durableExecute(second)]),
      { journal },
    );

    expect(report.output).toEqual([1, 2]);
    expect(report.calls.map(({ functionId }) => functionId)).toEqual(["first", "second"]);
    expect([fn.mock.calls.length, report.ops]).toEqual([0, []]);
  });

  it("FA-DEC-02: a match answers from the record and moves on to the next slot", async () => {
    const known = durable("known", (x: number) => x);

    const report = await bench().run(
      actionOf(async (ctx) => [
        await ctx.durableExecute(known, [5]),
        await ctx.durableExecute(slotOf),
      ]),
      { journal: [succeededSeed(known, "recorded", [5])] },
    );

    expect(report.output).toEqual(["recorded", 1]);
  });

  it("FA-DEC-03: an empty journal matches nothing, and the first call takes slot 0", async () => {
    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(slotOf)));

    expect(report.output).toBe(0);
    expect(report.events.map(({ type }) => type)).not.toContain("call-replayed");
  });

  it("FA-DEC-04: another id at slot 0 of two records leaves nothing to match", async () => {
    const other = durable("other", () => "fresh");
    const behind = durable("behind", () => "ran");
    const journal = [succeededSeed("gone", 1), succeededSeed(behind, "recorded")];

    const report = await bench().run(
      actionOf(async (ctx) => [await ctx.durableExecute(other), await ctx.durableExecute(behind)]),
      { journal },
    );

    // Looking writes nothing: the clear is one write, however many slots it drops.
    expect(report.output).toEqual(["fresh", "ran"]);
    expect(report.ops).toEqual(["clear", "record", "record"]);
  });

  it("FA-DEC-05: recording a success is one write, one slot, one step on", async () => {
    const fn = vi.fn(() => "ok");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(call);
        return ctx.durableExecute(slotOf);
      }),
    );

    expect(report.output).toBe(1);
    expect(report.ops).toEqual(["record", "record"]);
    expect(report.calls[0]).toMatchObject({ slot: 0, functionId: "call", status: "SUCCEEDED" });
    expect(valueOf(report.calls[0])).toBe("ok");
  });

  it("FA-DEC-06: recording a failure keeps the error and has no result", async () => {
    const call = durable("call", () => {
      throw new RangeError("too far");
    });

    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(call).catch(() => {});
        return ctx.durableExecute(slotOf);
      }),
    );

    expect(report.output).toBe(1);
    expect(report.ops).toEqual(["record", "record"]);
    expect(report.calls[0]?.status).toBe("FAILED");
    expect(valueOf(report.calls[0])).toEqual(new RangeError("too far"));
  });

  it("FA-DEC-07: two records answer two calls; the third finds nothing and runs", async () => {
    const fn = vi.fn((x: number) => `ran ${x}`);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => {
        const seen = [];
        for (const x of [1, 2, 3]) seen.push(await ctx.durableExecute(call, [x]));
        return seen;
      }),
      { journal: [succeededSeed(call, "one", [1]), succeededSeed(call, "two", [2])] },
    );

    expect(report.output).toEqual(["one", "two", "ran 3"]);
    expect(fn.mock.calls).toEqual([[3]]);
  });

  it("FA-DEC-08: a FAILED record matches, with its error", async () => {
    const fn = vi.fn();
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => {
        const error = await ctx.durableExecute(call).catch((caught: unknown) => caught);
        return [String(error), await ctx.durableExecute(slotOf)];
      }),
      { journal: [failedSeed(call, new TypeError("recorded"))] },
    );

    expect(report.output).toEqual(["TypeError: recorded", 1]);
    expect(fn).not.toHaveBeenCalled();
  });

  it("FA-DEC-09: three calls are three writes and three slots", async () => {
    const call = durable("call", (x: number) => x);

    const report = await bench().run(
      actionOf(async (ctx) => {
        for (const x of [1, 2, 3]) await ctx.durableExecute(call, [x]);
      }),
    );

    expect(report.ops).toEqual(["record", "record", "record"]);
    expect(report.calls.map(({ slot }) => slot)).toEqual([0, 1, 2]);
  });
});
