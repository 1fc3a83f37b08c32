import { defineAction, durable, OutcomeUnknownError } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });

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
