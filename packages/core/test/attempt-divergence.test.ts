import { defineAction, durable, notStarted } from "@refrain/core";
import { expect, test } from "vitest";
import { crash, crashAfter } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });
const echo = durable("echo", async (value: unknown) => value);

test("a divergence is announced with every dropped call and its key, and the run goes on", async () => {
  const drive = new Drive();
  const other = durable("other", async () => "other");
  await drive.create(action);

  await crashAfter(drive, action, async (ctx) => {
    await ctx.durableExecute(echo, [1]);
    await ctx.durableExecute(echo, [2]);
  });
  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      await ctx.durableExecute(echo, [1]);
      return ctx.durableExecute(other);
    }),
  );
  await attempt.done;

  expect(await drive.outcome()).toBe("other");
  expect(drive.events).toContainEqual({
    type: "diverged",
    slot: 1,
    expected: "echo",
    found: "other",
    verdict: "cleared",
    clears: 0,
    dropped: [
      {
        slot: 1,
        functionId: "echo",
        argsDigest: expect.stringMatching(/^[0-9a-f]{16}$/),
        status: "SUCCEEDED",
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ],
  });
});

test("a clear takes what was recorded from there on, and nothing of what follows it", async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  await drive.create(action);

  await crashAfter(drive, action, async (ctx) => {
    for (const n of [1, 2, 3]) await ctx.durableExecute(echo, [n]);
  });
  await drive.attempt(
    action.implement(async (ctx) => {
      await ctx.durableExecute(echo, [1]);
      await ctx.durableExecute(charge, [], { reconciler: () => notStarted() });
    }),
  );
  await started.reached;
  await turns(10);

  const state = await drive.store.read("run-1");
  expect(state?.calls.map((call) => [call.functionId, call.status])).toEqual([
    ["echo", "SUCCEEDED"],
    ["charge", "PENDING"],
  ]);
});

test('under "guard" a started reconcilable call is never dropped: the run fails and says why', async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  const other = durable("other", async () => "other");
  await drive.create(action);

  const first = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => notStarted() })),
  );
  await started.reached;
  first.abort(crash);
  const second = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(other), { onDivergence: "guard" }),
  );
  await second.done;

  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("would drop charge at slot 0"),
  });
  const state = await drive.store.read("run-1");
  expect(state?.calls.map((call) => call.functionId)).toEqual(["charge"]);
});

test("an action that ends without asking for a started call has diverged", async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  await drive.create(action);

  const first = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => notStarted() })),
  );
  await started.reached;
  first.abort(crash);
  const second = await drive.attempt(
    action.implement(() => "skipped it", { onDivergence: "guard" }),
  );
  await second.done;

  expect(drive.eventTypes()).toEqual(["diverged"]);
  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("ended without asking for it"),
  });
});

test("a journal is cleared three times at most, then the run fails", async () => {
  const drive = new Drive();
  const steps = ["a1", "b1", "c1", "d1", "e1"].map((id) => durable(`step.${id}`, async () => id));
  await drive.create(action);

  for (const step of steps.slice(0, 4)) {
    await crashAfter(drive, action, async (ctx) => {
      await ctx.durableExecute(step);
    });
  }
  const last = steps[4];
  const attempt = await drive.attempt(
    action.implement(async (ctx) => (last === undefined ? 0 : ctx.durableExecute(last))),
  );
  await attempt.done;

  expect(drive.events.map((event) => event.type === "diverged" && event.verdict)).toEqual([
    "cleared",
    "cleared",
    "cleared",
    "failed",
  ]);
  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("the journal was cleared 3 times already"),
  });
});
