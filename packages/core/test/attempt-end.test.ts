import { once } from "node:events";
import { currentCall, defineAction, durable } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { z } from "zod";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });

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

test("a handle awaited only after the action's end never runs, and holds up no floating call's end", async () => {
  const drive = new Drive();
  const open = gate();
  let lateRuns = 0;
  const late = durable("late", async () => {
    lateRuns += 1;
  });
  const floating = durable("floating", () => open.passed);
  let handle: Promise<void> | undefined;
  const implementation = action.implement((ctx) => {
    handle = ctx.durableExecuteAsync(late);
    void ctx.durableExecute(floating);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  await turns(3);
  void handle?.then(() => {});
  open.pass();

  expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
  expect(lateRuns).toBe(0);
});

test("a call that failed and that nothing awaited is announced when the action ends", async () => {
  const drive = new Drive();
  const mail = durable("mail", async () => {
    throw new Error("no such address");
  });
  const step = durable("step", async () => "done");
  const implementation = action.implement(async (ctx) => {
    void ctx.durableExecute(mail);
    const caught = ctx.durableExecute(mail);
    await turns(3);
    await caught.catch(() => {});
    return ctx.durableExecute(step);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await attempt.done;

  const warnings = drive.events.filter(({ type }) => type === "warning");
  expect(warnings).toMatchObject([{ code: "call-not-awaited", slot: 0 }]);
  expect(warnings).toMatchObject([{ message: expect.stringContaining("and it failed") }]);
});

test.each(["before", "after"])(
  "an output schema that hangs holds up a release that is asked for %s the action's end for a moment",
  async (moment) => {
    const clock = virtualClock();
    const drive = new Drive({ clock });
    const parsing = gate();
    const output = z.unknown().refine(async () => {
      await parsing.passed;
      return true;
    });
    const slow = defineAction<null, unknown>({ name: "act", output });
    const open = gate();
    const step = durable("step", () => open.passed);
    const implementation = slow.implement((ctx) => ctx.durableExecute(step));
    await drive.create(slow);

    const attempt = await drive.attempt(implementation);
    await open.reached;
    if (moment === "before") attempt.release();
    open.pass();
    await parsing.reached;
    if (moment === "after") attempt.release();
    while (clock.timers === 0) await clock.advance(0);
    expect((await drive.store.read("run-1"))?.status).toBe("RUNNING");
    await clock.advance(200);

    expect(await attempt.done).toEqual({ kind: "released", reason: "drain", delayMs: 0 });
    parsing.pass();
    const next = await drive.attempt(implementation);
    expect(await next.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
    const { events } = drive;
    expect(events.filter(({ type }) => type === "call-replayed")).toHaveLength(1);
  },
);

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
