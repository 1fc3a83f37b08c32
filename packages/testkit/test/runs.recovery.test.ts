import { durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf, type Report } from "./support/bench.ts";
import { deathbed } from "./support/deathbed.ts";
import { pendingSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("recovery", (bench) => {
  /** Runs an action whose attempt dies at `die`, then delivers it again. */
  async function recover(
    make: (die: ReturnType<typeof deathbed>["die"]) => ReturnType<typeof actionOf>,
  ): Promise<{ died: Report; recovered: Report }> {
    const { die, onAttempt } = deathbed();
    const action = make(die);
    const died = await bench().run(action, { onAttempt });
    expect(died.end.kind).toBe("lost");
    return { died, recovered: await bench().attempt(action, died.runId) };
  }

  it("FA-OP-24, FA-OP-25: a run that is asked for again gives the same output, and runs nothing", async () => {
    const body = vi.fn();
    const fn = vi.fn((x: number) => x * 3);
    const triple = durable("triple", fn);
    const action = actionOf(async (ctx, x: number) => {
      body();
      return ctx.durableExecute(triple, [x]);
    });

    const first = await bench().run(action, { runId: "op-24", input: 7 });
    await bench().create(action, { runId: "op-24", input: 7 });
    await expect(bench().attempt(action, "op-24")).rejects.toThrow('"settled"');

    expect(first.output).toBe(21);
    expect(await bench().read("op-24")).toEqual(first.run);
    expect([body.mock.calls.length, fn.mock.calls.length]).toEqual([1, 1]);
  });

  it("FA-OP-26: a completed run that is asked for again keeps its ids and its version", async () => {
    const action = actionOf((ctx) => ctx.durableExecute(durable("call", () => 1)));
    const first = await bench().run(action, { runId: "op-26" });

    await expect(bench().attempt(action, "op-26")).rejects.toThrow('"settled"');

    const again = await bench().read("op-26");
    expect([again.v, again.epoch, again.settledAt]).toEqual([
      first.run.v,
      first.run.epoch,
      first.run.settledAt,
    ]);
  });

  it("FA-OP-33: the next attempt gives the same output, fn once in all", async () => {
    const fn = vi.fn((x: number) => x * 3);
    const triple = durable("triple", fn);

    const { recovered } = await recover((die) =>
      actionOf(async (ctx) => {
        const result = await ctx.durableExecute(triple, [7]);
        await ctx.durableExecute(die);
        return result;
      }),
    );

    expect([recovered.output, fn.mock.calls.length]).toEqual([21, 1]);
  });

  it("FA-OP-34: a durable call throws, the action catches: one output, fn once", async () => {
    const fn = vi.fn((): string => {
      throw new Error("durable failed");
    });
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call).catch((error: Error) => `ERROR:${error.message}`)),
    );

    expect([report.output, fn.mock.calls.length]).toEqual(["ERROR:durable failed", 1]);
  });

  it("FA-OP-35: the same after a recovery: fn once in all", async () => {
    const fn = vi.fn((): string => {
      throw new Error("durable failed");
    });
    const call = durable("call", fn);

    const { recovered } = await recover((die) =>
      actionOf(async (ctx) => {
        const caught = await ctx.durableExecute(call).catch((error: Error) => error.message);
        await ctx.durableExecute(die);
        return `ERROR:${caught}`;
      }),
    );

    expect([recovered.output, fn.mock.calls.length]).toEqual(["ERROR:durable failed", 1]);
  });

  it("FA-OP-36: an error nobody catches fails the run with class and text, again after recovery", async () => {
    const fn = vi.fn((): string => {
      throw new RangeError("uncaught");
    });
    const call = durable("call", fn);

    const { died, recovered } = await recover((die) =>
      actionOf(async (ctx) => {
        try {
          return await ctx.durableExecute(call);
        } finally {
          await ctx.durableExecute(die);
        }
      }),
    );

    expect(died.run.calls).toMatchObject([{ functionId: "call", status: "FAILED" }]);
    expect(recovered.error).toEqual(new RangeError("uncaught"));
    expect(recovered.run).toMatchObject({ status: "FAILED", outcome: { failedSlot: 0 } });
    expect(fn).toHaveBeenCalledOnce();
  });

  it("FA-OP-37: the same for a handle", async () => {
    const fn = vi.fn((): string => {
      throw new RangeError("uncaught");
    });
    const call = durable("call", fn);

    const { recovered } = await recover((die) =>
      actionOf(async (ctx) => {
        try {
          return await ctx.durableExecuteAsync(call);
        } finally {
          await ctx.durableExecute(die);
        }
      }),
    );

    expect(recovered.error).toEqual(new RangeError("uncaught"));
    expect(recovered.run).toMatchObject({ status: "FAILED", outcome: { failedSlot: 0 } });
    expect(fn).toHaveBeenCalledOnce();
  });

  it("FA-OP-38: PENDING found, the reconciler answers: its value is the output, the calls are dropped", async () => {
    const fn = vi.fn(() => 0);
    const reconciler = vi.fn(() => 42);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler })),
      { journal: [pendingSeed(call)] },
    );

    expect([report.output, fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([42, 0, 1]);
    expect(report.run).toMatchObject({ status: "SUCCEEDED", calls: [] });
  });

  it("FA-OP-39: PENDING found, the reconciler throws, the action catches: the calls are dropped", async () => {
    const fn = vi.fn(() => "ran");
    const reconciler = vi.fn((): string => {
      throw new Error("reconcile unavailable");
    });
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) =>
        ctx
          .durableExecute(call, [], { reconciler })
          .catch((error: Error) => `ERROR:${error.message}`),
      ),
      { journal: [pendingSeed(call)] },
    );

    expect(report.output).toBe("ERROR:reconcile unavailable");
    expect([fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([0, 1]);
    expect(report.run).toMatchObject({ status: "SUCCEEDED", calls: [] });
  });

  it("FA-OP-40: PENDING of another id found: a new call, the reconciler is not asked", async () => {
    const fn = vi.fn((x: number) => x * 2);
    const reconciler = vi.fn(() => 0);
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [10], { reconciler })),
      { journal: [pendingSeed("another", [10])] },
    );

    expect([report.output, fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([20, 1, 0]);
    expect(report.run).toMatchObject({ status: "SUCCEEDED", calls: [] });
  });

  it("FA-OP-41: SUCCEEDED then PENDING found: the one is replayed, the other reconciled", async () => {
    const [first, second] = [vi.fn(() => 0), vi.fn(() => 0)];
    const reconciler = vi.fn(() => 50);
    const [plain, started] = [durable("plain", first), durable("started", second)];

    const report = await bench().run(
      actionOf(
        async (ctx) =>
          (await ctx.durableExecute(plain)) +
          (await ctx.durableExecute(started, [], { reconciler })),
      ),
      { journal: [succeededSeed(plain, 11), pendingSeed(started)] },
    );

    expect([report.output, reconciler.mock.calls.length]).toEqual([61, 1]);
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 0]);
    expect(report.run).toMatchObject({ status: "SUCCEEDED", calls: [] });
  });

  it("FA-NX-16: what was recorded in the middle of an action survives the crash behind it", async () => {
    const fn = vi.fn((x: number) => x);
    const step = durable("step", fn);

    const { died, recovered } = await recover((die) =>
      actionOf(async (ctx) => {
        const before = await ctx.durableExecute(step, [1]);
        await ctx.durableExecute(die);
        return [before, await ctx.durableExecute(step, [2])];
      }),
    );

    expect(died.run.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED" }]);
    expect(recovered.output).toEqual([1, 2]);
    expect(fn.mock.calls).toEqual([[1], [2]]);
  });
});
