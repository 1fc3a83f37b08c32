import {
  type CommitPort,
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
