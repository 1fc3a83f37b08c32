import { durable, OutcomeUnknownError } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { virtualClock } from "../src/virtual-clock.ts";
import { actionOf } from "./support/bench.ts";
import { gate } from "./support/gate.ts";
import { pendingSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("runs", (bench) => {
  const addOne = durable("add.one", (x: number) => x + 1);
  const double = durable("double", (x: number) => x * 2);
  const chain = actionOf(async (ctx, x: number) =>
    ctx.durableExecute(double, [await ctx.durableExecute(addOne, [x])]),
  );

  it("FA-OP-01: two inputs one after the other give their outputs in that order", async () => {
    const outputs = [];
    for (const input of [0, 1]) outputs.push((await bench().run(chain, { input })).output);

    expect(outputs).toEqual([2, 4]);
  });

  it("FA-OP-03: two runs at once interleave", async () => {
    const both = gate(2);
    const meet = durable("meet", () => both.arrive());
    const action = actionOf((ctx) => ctx.durableExecute(meet));

    const reports = await Promise.all([bench().run(action), bench().run(action)]);

    expect(reports.map(({ run }) => run.status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
  });

  it("FA-OP-08, FA-OP-15: an error of the action itself fails the run with its type and message", async () => {
    const report = await bench().run(
      actionOf(() => {
        throw new ReferenceError("missing is not defined");
      }),
    );

    expect(report.end).toEqual({ kind: "settled", status: "FAILED" });
    expect(report.error).toEqual(new ReferenceError("missing is not defined"));
    expect(report.run.outcome?.failedSlot).toBeUndefined();
  });

  it("FA-OP-13: nothing is stored before a run is asked for; afterwards it holds input and output", async () => {
    const before = await bench().store.read("op-13");

    const report = await bench().run(chain, { runId: "op-13", input: 5 });

    expect(before).toBeUndefined();
    expect(report.output).toBe(12);
    expect(await bench().store.read("op-13")).toMatchObject({ status: "SUCCEEDED", epoch: 1 });
  });

  it("FA-OP-17: an action that waits in its middle and goes on was started once", async () => {
    const clock = virtualClock();
    const body = vi.fn();
    const call = durable("call", () => "ran");
    const reconciler = vi
      .fn<() => string>()
      .mockImplementationOnce(() => {
        throw new OutcomeUnknownError({ retryAfterMs: 100 });
      })
      .mockImplementation(() => "recovered");

    const running = bench().run(
      actionOf((ctx) => {
        body();
        return ctx.durableExecute(call, [], { reconciler });
      }),
      { clock, journal: [pendingSeed(call)] },
    );
    const waitedMs = await clock.advanceToNextTimer();
    const report = await running;

    expect([report.output, waitedMs, body.mock.calls.length]).toEqual(["recovered", 100, 1]);
    expect(report.run.epoch).toBe(2);
  });

  it("FA-OP-18, FA-OP-19: pruning takes exactly the runs settled before, and none under way", async () => {
    const settled = await bench().run(chain, { input: 1 });
    const underWay = await bench().create(chain, { input: 2 });
    await bench().claim(chain, underWay);

    expect(await bench().store.read(settled.runId)).toBeDefined();
    await bench().store.prune((settled.run.settledAt ?? 0) + 1);

    expect(await bench().store.read(settled.runId)).toBeUndefined();
    expect((await bench().read(underWay)).status).toBe("RUNNING");
  });

  it("FA-OP-20: what is stored names the run and its action, and holds what it did", async () => {
    const failing = actionOf(async (ctx) => {
      await ctx.durableExecute(addOne, [1]);
      throw new Error("kept");
    });

    const { run } = await bench().run(failing, { runId: "op-20" });

    expect(run).toMatchObject({ runId: "op-20", action: "an-action", status: "FAILED" });
    expect(run.calls).toMatchObject([{ functionId: "add.one", status: "SUCCEEDED" }]);
  });

  it("FA-OP-22, FA-OP-23: three runs give three outputs; pruned, nothing of them is left", async () => {
    const reports = [];
    for (const input of [1, 2, 3]) reports.push(await bench().run(chain, { input }));

    const last = Math.max(...reports.map(({ run }) => run.settledAt ?? 0));
    await bench().store.prune(last + 1);

    expect(reports.map(({ output }) => output)).toEqual([4, 6, 8]);
    for (const { runId } of reports) expect(await bench().store.read(runId)).toBeUndefined();
  });

  it("FA-OP-29: a handle's result feeds the next call", async () => {
    const times = durable("times", async (x: number, y: number) => x * y);

    const report = await bench().run(
      actionOf(async (ctx, x: number) =>
        ctx.durableExecute(double, [await ctx.durableExecuteAsync(times, [x, 10])]),
      ),
      { input: 5 },
    );

    expect(report.output).toBe(100);
  });

  it("FA-OP-30: two handles awaited one after the other run one after the other", async () => {
    const running: string[] = [];
    const slow = durable("slow", async (name: string, x: number) => {
      running.push(`${name} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      running.push(`${name} ends`);
      return x;
    });

    const report = await bench().run(
      actionOf(async (ctx) => {
        const a = await ctx.durableExecuteAsync(slow, ["first", 7]);
        const b = await ctx.durableExecuteAsync(slow, ["second", a + 100]);
        return ctx.durableExecute(double, [b]);
      }),
    );

    expect(report.output).toBe(214);
    expect(running).toEqual(["first starts", "first ends", "second starts", "second ends"]);
  });

  it("FA-OP-31: handles of two runs give each its own result", async () => {
    const triple = durable("triple", async (x: number) => x * 3);
    const action = actionOf(async (ctx, x: number) => await ctx.durableExecuteAsync(triple, [x]));

    const reports = await Promise.all([20, 30].map((input) => bench().run(action, { input })));

    expect(new Set(reports.map(({ output }) => output))).toEqual(new Set([60, 90]));
  });

  it("FA-OP-32: a durable call's result is the action's output", async () => {
    const add = durable("add", (a: number, b: number) => a + b);

    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(add, [5, 10])));

    expect(report.output).toBe(15);
  });

  it("FA-KEY-01, FA-KEY-02: one id with one input is one run; ids and inputs are not derived from another", async () => {
    const first = await bench().run(chain, { runId: "key-01", input: 1 });
    await bench().create(chain, { runId: "key-01", input: 1 });
    const twin = await bench().run(chain, { runId: "key-02", input: 1 });

    expect(first.run.v).toBe((await bench().read("key-01")).v);
    expect([first.output, twin.output]).toEqual([4, 4]);
    expect(first.runId).not.toBe(twin.runId);
  });

  it("FA-KEY-10: separators in an id do no harm", async () => {
    const ids = ["a-b", "a@b", "a#b", "a:b", "{a}b", "a}b{", "a:b:calls"];

    for (const [input, runId] of ids.entries()) await bench().run(chain, { runId, input });

    for (const [input, runId] of ids.entries()) {
      const { runId: stored, outcome } = await bench().read(runId);
      expect([stored, outcome?.status, input]).toEqual([runId, "SUCCEEDED", input]);
    }
  });
});
