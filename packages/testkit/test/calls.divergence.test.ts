import { type Attempt, ClaimLostError, currentCall, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf } from "./support/bench.ts";
import { pendingSeed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("divergence", (bench) => {
  it('FA-SYNC-09: under "guard" such a slot fails the run instead, and nothing starts', async () => {
    const fn = vi.fn(() => "fresh");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { reconciler: () => "recovered" }), {
        onDivergence: "guard",
      }),
      { journal: [pendingSeed("another")] },
    );

    expect(report.error).toMatchObject({ name: "DivergenceError" });
    expect([fn.mock.calls.length, report.ops]).toEqual([0, []]);
    expect(report.run.calls).toMatchObject([{ functionId: "another", status: "PENDING" }]);
  });

  it("FA-OBS-16: a clear announces every call it drops, with the key it had", async () => {
    const keys: string[] = [];
    const attempts: Attempt[] = [];
    const old = durable("old", () => keys.push(currentCall().idempotencyKey));
    const die = durable("die", () => attempts[0]?.abort(new ClaimLostError("lock", "died")));
    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(old);
        await ctx.durableExecute(old);
        await ctx.durableExecute(die);
      }),
      { onAttempt: (attempt) => attempts.push(attempt) },
    );

    const newRelease = actionOf((ctx) => ctx.durableExecute(durable("fresh", () => "fresh")));
    const { events, output } = await bench().attempt(newRelease, report.runId);

    expect(output).toBe("fresh");
    const dropped = [
      { slot: 0, functionId: "old", status: "SUCCEEDED", idempotencyKey: keys[0] },
      { slot: 1, functionId: "old", status: "SUCCEEDED", idempotencyKey: keys[1] },
    ];
    expect(events.filter(({ type }) => type === "diverged")).toMatchObject([
      { slot: 0, expected: "old", found: "fresh", verdict: "cleared", dropped },
    ]);
    expect(new Set(keys).size).toBe(2);
  });

  it("FA-OBS-16: a strict run fails instead, and keeps its journal", async () => {
    const action = actionOf((ctx) => ctx.durableExecute(durable("fresh", () => 1)), {
      onDivergence: "fail",
    });

    const report = await bench().run(action, {
      journal: [succeededSeed("old", 1), succeededSeed("older", 2)],
    });

    expect(report.error).toMatchObject({ name: "DivergenceError" });
    expect(report.ops).toEqual([]);
    expect(report.run.calls.map(({ functionId }) => functionId)).toEqual(["old", "older"]);
  });
});
