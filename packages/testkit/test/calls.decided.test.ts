import { type CallResult, currentCall, type DurableContext, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf, valueOf } from "./support/bench.ts";
import { pendingSeed, type Seed, succeededSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("what was decided on purpose", (bench) => {
  it("FA-NX-01, FA-OBS-01: completion-only over PENDING runs fn again and finalizes in place", async () => {
    const fn = vi.fn(() => "again");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf((ctx) => ctx.durableExecute(call)),
      {
        journal: [pendingSeed(call)],
      },
    );

    expect([report.output, fn.mock.calls.length]).toEqual(["again", 1]);
    expect(report.ops).toEqual(["finalize"]);
    expect(report.calls).toMatchObject([{ slot: 0, status: "SUCCEEDED", reconciled: false }]);
  });

  it("FA-NX-02: a handle over PENDING without reconciler runs fn again with one write", async () => {
    const fn = vi.fn(async () => "again");
    const call = durable("call", fn);

    const report = await bench().run(
      actionOf(async (ctx) => await ctx.durableExecuteAsync(call)),
      { journal: [pendingSeed(call)] },
    );

    expect([report.output, fn.mock.calls.length, report.ops]).toEqual(["again", 1, ["finalize"]]);
  });

  it("FA-OBS-02: null and undefined replay as themselves", async () => {
    const fn = vi.fn();
    const call = durable("call", fn as (x: number) => unknown);
    const action = actionOf(async (ctx) => [
      await ctx.durableExecute(call, [0]),
      await ctx.durableExecute(call, [1]),
    ]);

    const journal = [succeededSeed(call, null, [0]), succeededSeed(call, undefined, [1])];
    const report = await bench().run(action, { journal });

    expect(report.output).toEqual([null, undefined]);
    expect([fn.mock.calls.length, report.ops]).toEqual([0, []]);
  });

  it("FA-OBS-09, FA-NX-11: a result that cannot be stored is recorded as FAILED, and never runs again", async () => {
    for (const reconciler of [undefined, (): unknown => "recovered"]) {
      const fn = vi.fn(() => ({ connection: () => "open" }));
      const call = durable("call", fn as () => unknown);
      const action = actionOf(async (ctx) => {
        const failure = (error: Error): string => error.name;
        return [
          await ctx.durableExecute(call, [], { reconciler }).catch(failure),
          await ctx.durableExecute(durable("next", () => "goes on")),
        ];
      });

      const report = await bench().run(action);

      expect(report.output).toEqual(["SerializationError", "goes on"]);
      expect(fn).toHaveBeenCalledOnce();
      expect(report.calls).toMatchObject([{ status: "FAILED" }, { status: "SUCCEEDED" }]);
      expect(valueOf(report.calls[0])).toMatchObject({
        name: "SerializationError",
        message: expect.stringContaining("connection"),
      });
    }
  });

  it("FA-OBS-10, FA-NX-19: a lost claim leaves the slot PENDING and is no outcome", async () => {
    const runId = "obs-10";
    const fn = vi.fn(() => "late");
    let overtake = async (): Promise<void> => {};
    const call = durable("call", async () => {
      await overtake();
      return fn();
    });
    const reconciler = (): string => "recovered";
    const action = actionOf((ctx) => ctx.durableExecute(call, [], { reconciler }));
    overtake = async () => {
      await bench().claim(action, runId);
    };

    const report = await bench().run(action, { runId });

    expect(report.end.kind).toBe("lost");
    expect(report.run.calls).toMatchObject([{ slot: 0, status: "PENDING" }]);
    expect(report.run).toMatchObject({ status: "RUNNING", outcome: undefined });
  });

  it("FA-OBS-10: an attempt that is asked to hand back records what runs, and nothing else", async () => {
    const runId = "obs-10-release";
    const call = durable("call", () => currentCall().slot);
    const action = actionOf(async (ctx) => [
      await ctx.durableExecute(call),
      await ctx.durableExecute(durable("second", () => "second")),
    ]);

    const released = await bench().run(action, {
      runId,
      onAttempt: (attempt) => attempt.release(),
    });

    expect(released.end).toMatchObject({ kind: "released", reason: "drain" });
    expect(released.run.status).toBe("QUEUED");
    expect(released.calls.every(({ status }) => status === "SUCCEEDED")).toBe(true);
    const next = await bench().attempt(action, runId);
    expect(next.output).toEqual([0, "second"]);
  });

  it("FA-OBS-11: success is told by status, whatever was thrown", async () => {
    for (const thrown of [undefined, null, 0, "", false]) {
      const call = durable("call", () => {
        throw thrown;
      });
      const handler = (ctx: DurableContext): Promise<unknown> =>
        ctx.durableExecute(call).then(
          () => "succeeded",
          () => "failed",
        );

      const report = await bench().run(actionOf(handler));

      expect(report.calls).toMatchObject([{ status: "FAILED" }]);
      const replayed = await bench().run(actionOf(handler), {
        journal: [{ ...pendingSeed(call), ...failureLike(report.calls[0]) }],
      });
      expect([report.output, replayed.output]).toEqual(["failed", "failed"]);
    }
  });

  it("FA-OBS-12, FA-NX-17: errors of unusual constructors replay, registered ones as their class", async () => {
    class CardDeclined extends Error {
      readonly cents: number;
      constructor(details: { readonly cents: number }) {
        super(`declined ${details.cents}`);
        this.cents = details.cents;
      }
    }
    const call = durable("call", () => {
      throw new CardDeclined({ cents: 5 });
    });
    const seen: unknown[] = [];
    const action = actionOf(
      async (ctx) => {
        await ctx.durableExecute(call).catch((error: unknown) => seen.push(error));
        await ctx.durableExecute(durable("stop", () => currentCall().slot));
        throw new Error("stay FAILED, so that the calls are kept");
      },
      { errors: { CardDeclined } },
    );

    const first = await bench().run(action);
    await bench().run(action, {
      journal: [{ ...pendingSeed(call), ...failureLike(first.calls[0]) }],
    });

    const [live, replayed] = seen as CardDeclined[];
    for (const error of [live, replayed]) {
      expect(error).toBeInstanceOf(CardDeclined);
      expect(error).toMatchObject({ message: "declined 5", cents: 5 });
    }
    expect(replayed).not.toBe(live);
  });

  it("FA-OBS-13: the chain of causes is kept", async () => {
    const call = durable("call", () => {
      const socket = Object.assign(new Error("reset"), { code: "ECONNRESET" });
      throw new Error("charge failed", { cause: new Error("gateway", { cause: socket }) });
    });

    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(call)));

    expect(valueOf(report.calls[0])).toMatchObject({
      message: "charge failed",
      cause: { message: "gateway", cause: { message: "reset", code: "ECONNRESET" } },
    });
    expect(report.error).toMatchObject({ cause: { cause: { code: "ECONNRESET" } } });
  });

  it("FA-OBS-17: a durable call made from inside a durable call is a clear error", async () => {
    const inner = durable("inner", () => 1);
    const action = actionOf((ctx) =>
      ctx.durableExecute(durable("outer", () => ctx.durableExecute(inner))),
    );

    const report = await bench().run(action);

    expect(report.error).toMatchObject({
      name: "UsageError",
      message: expect.stringContaining("inside the durable call outer"),
    });
    expect(report.calls).toMatchObject([{ functionId: "outer", status: "FAILED" }]);
  });
});

/** What an attempt recorded, as the seed of another run. */
function failureLike(call: CallResult | undefined): Pick<Seed, "status" | "payload"> {
  if (call?.status !== "FAILED") throw new Error("the call did not fail");
  return { status: "FAILED", payload: call.payload };
}
