import { durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf } from "./support/bench.ts";
import { pendingSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("when recording fails", (bench) => {
  const full = new Error("the store is full");

  it("FA-OBS-07: the attempt ends, and no later call starts", async () => {
    const [first, second] = [vi.fn(() => 1), vi.fn(() => 2)];
    bench().refusing.refuseNext("record", full);

    const report = await bench().run(
      actionOf(async (ctx) => {
        await ctx.durableExecute(durable("first", first));
        return ctx.durableExecute(durable("second", second));
      }),
    );

    expect(report.end).toMatchObject({ kind: "broken", error: full });
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 0]);
    expect(report.run).toMatchObject({ status: "RUNNING", outcome: undefined, calls: [] });
  });

  it("FA-OBS-08: an identical second call is not answered from memory", async () => {
    const fn = vi.fn(() => 1);
    const call = durable("call", fn);
    bench().refusing.refuseNext("record", full);

    const action = actionOf(async (ctx) => [
      await ctx.durableExecute(call),
      await ctx.durableExecute(call),
    ]);
    const broken = await bench().run(action);
    const seenBefore = fn.mock.calls.length;
    const next = await bench().attempt(action, broken.runId);

    expect([broken.end.kind, seenBefore]).toEqual(["broken", 1]);
    expect([next.output, fn.mock.calls.length]).toEqual([[1, 1], 3]);
  });

  it("FA-OBS-15: a finalize that fails ends the attempt, and the slot is PENDING for the next", async () => {
    const fn = vi.fn(() => "charged");
    const reconciler = vi.fn(() => "recovered");
    const action = actionOf((ctx) => ctx.durableExecute(durable("call", fn), [], { reconciler }));
    bench().refusing.refuseNext("finalize", full);

    const broken = await bench().run(action);
    const next = await bench().attempt(action, broken.runId);

    expect(broken.end).toMatchObject({ kind: "broken", error: full });
    expect(broken.run.calls).toMatchObject([{ status: "PENDING" }]);
    expect([next.output, fn.mock.calls.length, reconciler.mock.calls.length]).toEqual([
      "recovered",
      1,
      1,
    ]);
  });

  it("FA-OBS-15: the same when the reconciler's answer cannot be recorded: it is asked again", async () => {
    const reconciler = vi.fn(() => "recovered");
    const call = durable("call", () => "never");
    const action = actionOf((ctx) => ctx.durableExecute(call, [], { reconciler }));
    bench().refusing.refuseNext("finalize", full);

    const broken = await bench().run(action, { journal: [pendingSeed(call)] });
    const next = await bench().attempt(action, broken.runId);

    expect([broken.end.kind, next.output, reconciler.mock.calls.length]).toEqual([
      "broken",
      "recovered",
      2,
    ]);
  });

  it("FA-OBS-14: a bound method is refused as a name, so receivers cannot be mixed up", async () => {
    class Gateway {
      charge(): string {
        return "charged";
      }
    }
    const bound = Gateway.prototype.charge.bind(new Gateway());

    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(bound)));

    expect(report.error).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("bound"),
    });
    expect(report.ops).toEqual([]);
  });
});
