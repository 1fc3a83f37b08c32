import { ClaimLostError, currentCall, defineAction, durable, notStarted } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });
const reconciler = notStarted;

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
