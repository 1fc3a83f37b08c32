import { type DurableContext, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf } from "./support/bench.ts";
import { deathbed } from "./support/deathbed.ts";
import { gate } from "./support/gate.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("contexts and stores", (bench) => {
  it("FA-DEM-03: a finished run is completed, its output kept and its calls dropped", async () => {
    const call = durable("call", () => "ok");

    const { run, output } = await bench().run(actionOf((ctx) => ctx.durableExecute(call)));

    expect(run).toMatchObject({ status: "SUCCEEDED", calls: [] });
    expect(output).toBe("ok");
  });

  it("FA-DEM-05: pruning up to a moment takes what was settled before it and nothing later", async () => {
    const action = actionOf(() => "ok");
    const early = await bench().run(action);
    const settledAt = early.run.settledAt ?? 0;
    await vi.waitUntil(() => Date.now() > settledAt + 1, { interval: 1 });
    const late = await bench().run(action);

    await bench().store.prune(settledAt + 1);

    expect(await bench().store.read(early.runId)).toBeUndefined();
    expect(await bench().store.read(late.runId)).toBeDefined();
  });

  it("FA-DEM-06: after a crash the store lists every live run, and no settled one", async () => {
    const { die, onAttempt } = deathbed();
    const action = actionOf((ctx) => ctx.durableExecute(die));
    const crashed = await bench().run(action, { onAttempt });
    const waiting = await bench().create(action);
    const settled = await bench().run(actionOf(() => "ok"));

    const live = (await bench().store.rebuild()).map(({ runId }) => runId);

    expect(live).toEqual(expect.arrayContaining([crashed.runId, waiting]));
    expect(live).not.toContain(settled.runId);
  });

  it("FA-CTX-01, FA-CTX-05: two runs at once have contexts and ids of their own", async () => {
    const contexts: DurableContext[] = [];
    const both = gate(2);
    const action = actionOf(async (ctx, x: number) => {
      contexts.push(ctx);
      await ctx.durableExecute(durable("meet", () => both.arrive()));
      return [ctx.runId, x];
    });

    const reports = await Promise.all([1, 2].map((input) => bench().run(action, { input })));

    expect(contexts[0]).not.toBe(contexts[1]);
    expect(reports.map(({ output }) => output)).toEqual([
      [reports[0]?.runId, 1],
      [reports[1]?.runId, 2],
    ]);
    expect(reports[0]?.runId).not.toBe(reports[1]?.runId);
  });

  it("FA-CTX-03, FA-CTX-06: the next attempt has a fresh context, and everything that was recorded", async () => {
    const contexts: DurableContext[] = [];
    const { die, onAttempt } = deathbed();
    const call = durable("call", () => "recorded");
    const action = actionOf(async (ctx) => {
      contexts.push(ctx);
      const seen = [await ctx.durableExecute(call), ctx.now(), ctx.random(), ctx.uuid()];
      await ctx.durableExecute(die);
      return seen;
    });
    const { runId } = await bench().run(action, { onAttempt });

    const report = await bench().attempt(action, runId);

    expect(contexts[0]).not.toBe(contexts[1]);
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(report.output).toEqual([
      "recorded",
      expect.any(Number),
      expect.any(Number),
      expect.any(String),
    ]);
  });

  it("FA-CTX-04, FA-CTX-10: over a wait the context and its place in the journal stay", async () => {
    const contexts = new Set<DurableContext>();
    const slow = durable("slow", () => new Promise<void>((resolve) => setImmediate(resolve)));

    const report = await bench().run(
      actionOf(async (ctx) => {
        contexts.add(ctx);
        await ctx.durableExecute(slow);
        contexts.add(ctx);
        await ctx.durableExecute(slow);
      }),
    );

    expect(contexts.size).toBe(1);
    expect(report.calls.map(({ slot }) => slot)).toEqual([0, 1]);
  });

  it("FA-CTX-09: what is stored of a run is bytes and plain fields, no live context", async () => {
    const { die, onAttempt } = deathbed();
    const action = actionOf(async (ctx) => {
      await ctx.durableExecute(durable("call", () => 1));
      await ctx.durableExecute(die);
    });

    const { run } = await bench().run(action, { onAttempt });

    expect(() => structuredClone(run)).not.toThrow();
    expect(run.calls).toMatchObject([{ functionId: "call", status: "SUCCEEDED" }]);
  });
});
