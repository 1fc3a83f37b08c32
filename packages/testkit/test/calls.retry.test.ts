import { currentCall, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { virtualClock } from "../src/virtual-clock.ts";
import { actionOf, valueOf } from "./support/bench.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("retries of a call", (bench) => {
  const steady = { initialMs: 1000, factor: 1, jitter: false };

  it("FA-RTY-01: a first try that succeeds is the only one, without a wait", async () => {
    const clock = virtualClock();
    const fn = vi.fn(() => "ok");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { retry: { attempts: 5, backoff: steady } })),
      { clock },
    );

    expect([report.output, fn.mock.calls.length, report.ops]).toEqual(["ok", 1, ["record"]]);
    expect([clock.monotonic(), clock.timers]).toEqual([0, 0]);
  });

  it("FA-RTY-02: one failure at an interval of a second is one retry after a second", async () => {
    const clock = virtualClock();
    const fn = vi
      .fn(() => "ok")
      .mockImplementationOnce(() => {
        throw new Error("busy");
      });
    const call = durable("call", fn);

    const running = bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { retry: { attempts: 3, backoff: steady } })),
      { clock },
    );
    const waitedMs = await clock.advanceToNextTimer();
    const report = await running;

    expect([report.output, fn.mock.calls.length, waitedMs]).toEqual(["ok", 2, 1000]);
    expect(report.ops).toEqual(["record"]);
    expect(report.calls).toMatchObject([{ status: "SUCCEEDED", tookMs: 1000 }]);
  });

  it("FA-RTY-03, FA-RTY-04: two retries that fail too are three tries and the original error", async () => {
    const clock = virtualClock();
    const error = new RangeError("always");
    const fn = vi.fn(() => {
      throw error;
    });
    const call = durable("call", fn);
    const seen: unknown[] = [];

    const running = bench().run(
      actionOf((ctx) =>
        ctx
          .durableExecute(call, [], { retry: { attempts: 3, backoff: steady } })
          .catch((caught: unknown) => void seen.push(caught)),
      ),
      { clock },
    );
    for (let retries = 0; retries < 2; retries++) await clock.advanceToNextTimer();
    const report = await running;

    expect(seen).toEqual([error]);
    expect(seen[0]).toBe(error);
    expect([fn.mock.calls.length, report.ops]).toEqual([3, ["record"]]);
    expect(valueOf(report.calls[0])).toEqual(error);
  });

  it("FA-RTY-05, FA-RTY-06: each try is its own, and shares the call's idempotency key", async () => {
    const clock = virtualClock();
    const tries: string[] = [];
    const answers = ["not json", '{"sum":5}'];
    const call = durable("call", () => {
      tries.push(currentCall().idempotencyKey);
      return JSON.parse(answers[tries.length - 1] ?? "") as unknown;
    });

    const running = bench().run(
      actionOf((ctx) => ctx.durableExecute(call, [], { retry: { backoff: steady } })),
      { clock },
    );
    await clock.advanceToNextTimer();
    const report = await running;

    expect(report.output).toEqual({ sum: 5 });
    expect(tries).toHaveLength(2);
    expect(new Set(tries).size).toBe(1);
  });

  it("FA-RTY-10: a call without a retry policy is tried once", async () => {
    const clock = virtualClock();
    const fn = vi.fn(() => {
      throw new Error("busy");
    });

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(durable("call", fn))),
      { clock },
    );

    expect([fn.mock.calls.length, clock.timers]).toEqual([1, 0]);
    expect(report.error).toMatchObject({ message: "busy" });
  });

  it("FA-RTY-12: the default interval is a second, of which jitter leaves half at least", async () => {
    for (const [jitter, shortest] of [
      [false, 1000],
      [true, 500],
    ] as const) {
      const clock = virtualClock();
      const fn = vi
        .fn(() => 1)
        .mockImplementationOnce(() => {
          throw new Error("busy");
        });

      const running = bench().run(
        actionOf((ctx) =>
          ctx.durableExecute(durable("call", fn), [], { retry: { backoff: { jitter } } }),
        ),
        { clock },
      );
      const waitedMs = await clock.advanceToNextTimer();
      await running;

      expect(waitedMs).toBeGreaterThanOrEqual(shortest);
      expect(waitedMs).toBeLessThanOrEqual(1000);
    }
  });
});
