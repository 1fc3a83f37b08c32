import {
  type CommitPort,
  currentCall,
  defineAction,
  durable,
  notStarted,
  OutcomeUnknownError,
  TerminalError,
} from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });

/** Holds back every acknowledgement until it is told to let go. */
function holdingPort() {
  const held: (() => void)[] = [];
  let isHolding = false;
  return {
    hold: () => {
      isHolding = true;
    },
    letGo: () => {
      isHolding = false;
      for (const pass of held.splice(0)) pass();
    },
    held,
    wrapPort: (port: CommitPort): CommitPort => ({
      send: async (batch) => {
        const replies = await port.send(batch);
        if (isHolding) {
          await new Promise<void>((resolve) => {
            held.push(resolve);
          });
        }
        return replies;
      },
    }),
  };
}

test("no fn starts before the outcome in front of it is acknowledged, though the action has seen that", async () => {
  const port = holdingPort();
  const drive = new Drive({ wrapPort: port.wrapPort });
  const log: string[] = [];
  const seen = gate();
  const first = durable("first", async () => port.hold());
  const second = durable("second", async () => log.push("second ran"));
  const implementation = action.implement(async (ctx) => {
    await ctx.durableExecute(first);
    log.push("first seen");
    seen.arrive();
    await ctx.durableExecute(second);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await seen.reached;
  await turns(5);
  const before = [...log];
  port.letGo();
  await attempt.done;

  expect(before).toEqual(["first seen"]);
  expect(log).toEqual(["first seen", "second ran"]);
});

test("a reconcilable fn starts only after its mark is acknowledged", async () => {
  const port = holdingPort();
  const drive = new Drive({ wrapPort: port.wrapPort });
  const log: string[] = [];
  const charge = durable("charge", async () => log.push("ran"));
  const implementation = action.implement((ctx) => {
    port.hold();
    return ctx.durableExecute(charge, [], { reconciler: () => notStarted() });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await turns(5);
  const before = [...log];
  port.letGo();
  await attempt.done;

  expect(before).toEqual([]);
  expect(log).toEqual(["ran"]);
});

test("finalize of a call rides with append of the next, and the last outcome with the settlement", async () => {
  const batches: string[][] = [];
  const wrapPort = (port: CommitPort): CommitPort => ({
    send: (batch) => {
      batches.push(
        batch.flatMap((group) =>
          group.kind === "claim" ? ["claim"] : group.entries.map(({ op }) => op),
        ),
      );
      return port.send(batch);
    },
  });
  const drive = new Drive({ wrapPort });
  const step = durable("step", async (n: number) => n);
  const implementation = action.implement(async (ctx) => {
    const options = { reconciler: () => notStarted() };
    await ctx.durableExecute(step, [1], options);
    await ctx.durableExecute(step, [2], options);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await attempt.done;

  expect(batches).toEqual([["claim"], ["append"], ["finalize", "append"], ["finalize", "settle"]]);
});

test("an unknown outcome from fn is never recorded; the reconciler is asked after the back-off", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  let asked = 0;
  const charge = durable("charge", async (): Promise<string> => {
    throw new OutcomeUnknownError();
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], {
      reconciler: () => {
        asked += 1;
        return "booked";
      },
    }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  const waited = await clock.advanceToNextTimer();
  await attempt.done;

  expect(waited).toBe(1000);
  expect(asked).toBe(1);
  expect(await drive.outcome()).toBe("booked");
  expect(drive.eventTypes()).toEqual(["outcome-unknown", "call-reconciled"]);
});

test("notStarted after an unknown outcome runs fn again under the same idempotency key", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const keys: string[] = [];
  const charge = durable("charge", async () => {
    keys.push(currentCall().idempotencyKey);
    if (keys.length === 1) throw new OutcomeUnknownError();
    return keys.length;
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], { reconciler: () => notStarted() }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await clock.advanceToNextTimer();
  await attempt.done;

  expect(await drive.outcome()).toBe(2);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
});

test("a time-out of a completion-only call is a recorded TimeoutError, and its signal aborts", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const signals: AbortSignal[] = [];
  const slow = durable("slow", () => {
    signals.push(currentCall().signal);
    return new Promise(() => {});
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(slow, [], { timeoutMs: 250 }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await clock.advanceToNextTimer();
  await attempt.done;

  expect(await drive.outcome()).toMatchObject({ name: "TimeoutError" });
  expect(signals[0]?.aborted).toBe(true);
  const state = await drive.store.read("run-1");
  expect(state?.outcome?.failedSlot).toBe(0);
  expect(state?.calls.map((call) => call.status)).toEqual(["FAILED"]);
});

test("a time-out of a reconcilable call leaves its outcome unknown", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const slow = durable("slow", () => new Promise<string>(() => {}));
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(slow, [], { timeoutMs: 250, reconciler: () => "landed" }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await clock.advanceToNextTimer();
  const pending = (await drive.store.read("run-1"))?.calls[0]?.status;
  await clock.advanceToNextTimer();
  await attempt.done;

  expect(pending).toBe("PENDING");
  expect(await drive.outcome()).toBe("landed");
});

test("a retry policy repeats fn with the same mark, and a TerminalError ends it", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  let tries = 0;
  const flaky = durable("flaky", async () => {
    tries += 1;
    throw tries < 3 ? new Error("again") : new TerminalError("enough");
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(flaky, [], {
      retry: { attempts: 10, backoff: { initialMs: 100, jitter: false } },
    }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  const waits = [await clock.advanceToNextTimer(), await clock.advanceToNextTimer()];
  await attempt.done;

  expect(waits).toEqual([100, 200]);
  expect(tries).toBe(3);
  expect(await drive.outcome()).toMatchObject({ name: "TerminalError", message: "enough" });
});

test("a race's loser is abandoned: its signal aborts and its late outcome is discarded", async () => {
  const drive = new Drive();
  const open = gate();
  const signals: AbortSignal[] = [];
  const fast = durable("fast", async () => "fast");
  const slow = durable("slow", async () => {
    signals.push(currentCall().signal);
    await open.passed;
    return "slow";
  });
  const implementation = action.implement((ctx) =>
    Promise.race([ctx.durableExecute(slow), ctx.durableExecute(fast)]),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  const end = await attempt.done;
  open.pass();
  await turns(3);

  expect(end).toEqual({ kind: "settled", status: "SUCCEEDED" });
  expect(await drive.outcome()).toBe("fast");
  expect(signals[0]?.aborted).toBe(true);
});

test("a call that nothing awaits is waited for, recorded and announced when the action ends", async () => {
  const drive = new Drive();
  const open = gate();
  let ran = 0;
  const mail = durable("mail", async () => {
    await open.passed;
    ran += 1;
    throw new Error("nobody looks");
  });
  const implementation = action.implement((ctx) => {
    void ctx.durableExecute(mail);
    return "done";
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  const isSettledEarly = await Promise.race([attempt.done.then(() => true), turns(5)]);
  open.pass();

  expect(isSettledEarly).toBeUndefined();
  expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
  expect(ran).toBe(1);
  expect(drive.events).toMatchObject([{ type: "warning", code: "call-not-awaited", slot: 0 }]);
});

test("a handle that nothing awaits never runs and is announced", async () => {
  const drive = new Drive();
  let ran = 0;
  const mail = durable("mail", async () => {
    ran += 1;
  });
  const implementation = action.implement((ctx) => {
    void ctx.durableExecuteAsync(mail);
    return "done";
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await attempt.done;

  expect(ran).toBe(0);
  expect(drive.events).toEqual([{ type: "handle-unused", functionId: "mail" }]);
});
