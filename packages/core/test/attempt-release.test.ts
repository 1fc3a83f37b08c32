import { once } from "node:events";
import {
  ClaimLostError,
  type CommitPort,
  currentCall,
  defineAction,
  durable,
  notStarted,
  OutcomeUnknownError,
} from "@refrain/core";
import { eventually, FullPort, virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });
const reconciler = notStarted;

test("a release waits for the fn that runs, records its outcome and starts nothing more", async () => {
  const drive = new Drive();
  const open = gate();
  const started: string[] = [];
  const first = durable("first", async () => {
    started.push("first");
    await open.passed;
    return 1;
  });
  const second = durable("second", async () => started.push("second"));
  const implementation = action.implement(async (ctx) => {
    await ctx.durableExecute(first, [], { reconciler });
    await ctx.durableExecute(second, [], { reconciler });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  attempt.release();
  await turns(20);
  expect(attempt.isExecutingReconcilable).toBe(true);
  expect((await drive.store.read("run-1"))?.status).toBe("RUNNING");
  open.pass();
  const end = await attempt.done;

  expect(end).toEqual({ kind: "released", reason: "drain", delayMs: 0 });
  expect(started).toEqual(["first"]);
  const state = await drive.store.read("run-1");
  expect(state?.status).toBe("QUEUED");
  expect(state?.calls.map((call) => call.status)).toEqual(["SUCCEEDED"]);
});

test("F6 a started call whose mark waits for room holds up a release, and executes nothing meanwhile", async () => {
  const ports: FullPort[] = [];
  const wrapPort = (port: CommitPort): FullPort => {
    const full = new FullPort(port);
    ports.push(full);
    return full;
  };
  const drive = new Drive({ wrapPort });
  const started: string[] = [];
  const charge = durable("charge", async () => started.push("charge"));
  const implementation = action.implement((ctx) => {
    for (const port of ports) port.isFull = true;
    return ctx.durableExecute(charge, [], { reconciler });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await eventually(() => expect(ports[0]?.refusals).toBeGreaterThan(0));
  attempt.release();
  await turns(20);
  const whileFull = [attempt.isExecuting, attempt.isExecutingReconcilable, started.length];
  for (const port of ports) port.isFull = false;

  expect(await attempt.done).toMatchObject({ kind: "settled" });
  expect(whileFull).toEqual([false, false, 0]);
  expect(started).toEqual(["charge"]);
});

test("an action that ends while a release is pending settles instead", async () => {
  const drive = new Drive();
  const open = gate();
  const only = durable("only", () => open.passed);
  const implementation = action.implement((ctx) => ctx.durableExecute(only));
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  attempt.release();
  open.pass();

  expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
});

test("a release cuts a back-off short, and the next attempt asks the reconciler", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const charge = durable("charge", async () => {
    throw new OutcomeUnknownError({ retryAfterMs: 20_000 });
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], { reconciler: () => "found" as never }),
  );
  await drive.create(action);

  const first = await drive.attempt(implementation);
  await eventually(() => expect(clock.timers).toBe(1));
  first.release();
  const end = await first.done;
  const second = await drive.attempt(implementation);

  expect(end).toEqual({ kind: "released", reason: "drain", delayMs: 0 });
  expect(await second.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
  expect(await drive.outcome()).toBe("found");
});

test("an action that ends while a release is pending, a floating call unstarted, has its race's loser recorded", async () => {
  const drive = new Drive();
  const first = gate();
  const second = gate();
  let slowRuns = 0;
  const slow = durable("slow", async () => {
    slowRuns += 1;
    await second.passed;
    return "slow";
  });
  const fast = durable("fast", async () => {
    await first.passed;
    return "fast";
  });
  const floating = durable("floating", async () => "floating");
  const implementation = action.implement(async (ctx) => {
    const winner = await Promise.race([ctx.durableExecute(slow), ctx.durableExecute(fast)]);
    void ctx.durableExecute(floating);
    return winner;
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await Promise.all([first.reached, second.reached]);
  attempt.release();
  first.pass();
  await turns(5);
  second.pass();
  const end = await attempt.done;
  const next = await drive.attempt(implementation);
  await next.done;

  expect(end).toMatchObject({ kind: "released", reason: "drain" });
  expect(slowRuns).toBe(1);
  expect(await drive.outcome()).toBe("fast");
});

test("an attempt that can only wait for long hands its run back for just that long", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const charge = durable("charge", async () => {
    throw new OutcomeUnknownError({ retryAfterMs: 600_000 });
  });
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], { reconciler: () => "found" as never }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);

  expect(await attempt.done).toEqual({
    kind: "released",
    reason: "outcome-unknown",
    delayMs: 600_000,
  });
});

test("a long wait of one branch does not stop another branch", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const open = gate();
  const steps: number[] = [];
  const charge = durable("charge", async () => {
    throw new OutcomeUnknownError({ retryAfterMs: 600_000 });
  });
  const step = durable("step", async (n: number) => {
    if (n === 1) await open.passed;
    steps.push(n);
  });
  const implementation = action.implement((ctx) =>
    Promise.all([
      ctx.durableExecute(charge, [], { reconciler: () => "found" as never }),
      (async () => {
        for (const n of [1, 2, 3]) await ctx.durableExecute(step, [n]);
      })(),
    ]),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  open.pass();
  const end = await attempt.done;

  expect(end.kind).toBe("released");
  expect(steps).toEqual([1, 2, 3]);
});

test("how often nobody could say what happened is remembered across attempts", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const unknown = (): never => {
    throw new OutcomeUnknownError();
  };
  const charge = durable("charge", async () => unknown());
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], { reconciler: unknown }),
  );
  await drive.create(action);

  const first = await drive.attempt(implementation);
  // 1 + 2 + 4 + 8 + 16 s are waited in place; the sixth wait would be 32 s.
  const waits: number[] = [];
  for (let ask = 0; ask < 5; ask += 1) waits.push(await clock.advanceToNextTimer());
  const firstEnd = await first.done;
  const second = await drive.attempt(implementation);
  const secondEnd = await second.done;

  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
  expect(firstEnd).toEqual({ kind: "released", reason: "outcome-unknown", delayMs: 32_000 });
  expect(secondEnd).toEqual({ kind: "released", reason: "outcome-unknown", delayMs: 64_000 });
});

test("an aborted attempt ends at once, aborts its signals and writes nothing more", async () => {
  const drive = new Drive();
  const open = gate();
  const signals: AbortSignal[] = [];
  const charge = durable("charge", async () => {
    signals.push(currentCall().signal);
    await open.passed;
    return 1;
  });
  const implementation = action.implement((ctx) => {
    signals.push(ctx.signal);
    return ctx.durableExecute(charge, [], { reconciler });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  const error = new ClaimLostError("lock");
  attempt.abort(error);
  const end = await attempt.done;
  open.pass();
  await turns(5);

  expect(end).toEqual({ kind: "lost", error });
  expect(signals.map((signal) => signal.reason)).toEqual([error, error]);
  const state = await drive.store.read("run-1");
  expect(state?.calls.map((call) => call.status)).toEqual(["PENDING"]);
});

test("a newer claim fences the attempt before its next effect", async () => {
  const drive = new Drive();
  const open = gate();
  const effects: string[] = [];
  const first = durable("first", () => open.passed);
  const second = durable("second", async () => effects.push("second"));
  const implementation = action.implement(async (ctx) => {
    await ctx.durableExecute(first);
    await ctx.durableExecute(second);
  });
  await drive.create(action);

  const zombie = await drive.attempt(implementation);
  await open.reached;
  const owner = await drive.attempt(action.implement(() => new Promise(() => {})));
  open.pass();
  const end = await zombie.done;

  expect(end).toMatchObject({ kind: "lost", error: { code: "CLAIM_LOST", reason: "fenced" } });
  expect(effects).toEqual([]);
  owner.abort(new ClaimLostError("lock"));
});

test("no effect starts when the lock was not renewed in time", async () => {
  const drive = new Drive();
  const effects: string[] = [];
  const charge = durable("charge", async () => effects.push("charge"));
  const implementation = action.implement((ctx) => ctx.durableExecute(charge));
  await drive.create(action);

  const attempt = await drive.attempt(implementation, { mayStartEffect: () => false });

  expect(await attempt.done).toMatchObject({ kind: "lost", error: { reason: "lock" } });
  expect(effects).toEqual([]);
});

test("a failure from outside settles the run FAILED and lets the action end unseen", async () => {
  const drive = new Drive();
  const implementation = action.implement((ctx) => once(ctx.signal, "abort"));
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  attempt.fail(new RangeError("nobody handled this"));

  expect(await attempt.done).toEqual({ kind: "settled", status: "FAILED" });
  expect(await drive.outcome()).toMatchObject({
    name: "RangeError",
    message: "nobody handled this",
  });
});
