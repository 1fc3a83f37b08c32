import { durable, OutcomeUnknownError, TimeoutError } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { virtualClock } from "../src/virtual-clock.ts";
import { actionOf, valueOf } from "./support/bench.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("time-outs of calls", (bench) => {
  it("FA-NX-12: a call that takes longer than its time-out is FAILED, and the batch goes on", async () => {
    const clock = virtualClock();
    const slow = durable("slow", () => new Promise<number>(() => {}));
    const fast = durable("fast", () => 2);

    const running = bench().run(
      actionOf(async (ctx) => {
        const results = await ctx.gather([
          ctx.durableExecuteAsync(slow, [], { timeoutMs: 50 }),
          ctx.durableExecuteAsync(fast),
        ]);
        return results.map((result) =>
          result.status === "rejected" ? result.reason instanceof TimeoutError : result.value,
        );
      }),
      { clock },
    );
    await clock.advanceToNextTimer();
    const report = await running;

    expect(report.output).toEqual([true, 2]);
    expect(report.calls).toMatchObject([{ status: "FAILED" }, { status: "SUCCEEDED" }]);
    expect(valueOf(report.calls[0])).toMatchObject({ name: "TimeoutError" });
  });

  it("FA-NX-12: the outcome of a reconcilable call that timed out is asked for, not recorded", async () => {
    const clock = virtualClock();
    const slow = durable("slow", () => new Promise<string>(() => {}));
    const reconciler = vi
      .fn<() => string>()
      .mockImplementationOnce(() => {
        throw new OutcomeUnknownError();
      })
      .mockImplementation(() => "booked");

    const running = bench().run(
      actionOf((ctx) => ctx.durableExecute(slow, [], { timeoutMs: 50, reconciler })),
      { clock },
    );
    const waits = [];
    for (let wait = 0; wait < 3; wait++) waits.push(await clock.advanceToNextTimer());
    const report = await running;

    expect(waits).toEqual([50, 1000, 2000]);
    expect([report.output, report.ops]).toEqual(["booked", ["append", "finalize"]]);
  });
});
