import {
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

const action = defineAction<null, unknown>({ name: "act" });

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
