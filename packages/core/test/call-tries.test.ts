import { defineAction, durable, notStarted, OutcomeUnknownError } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });

test("a fn that does not know what happened has not used up a try", async () => {
  const drive = new Drive();
  const says = [new OutcomeUnknownError({ retryAfterMs: 0 }), new Error("once"), undefined];
  const charge = durable("charge", async () => {
    const error = says.shift();
    if (error !== undefined) throw error;
    return "charged";
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], {
        reconciler: () => notStarted(),
        retry: { attempts: 2, backoff: { initialMs: 0 } },
      }),
    ),
  );
  await attempt.done;

  expect(await drive.outcome()).toBe("charged");
});

test("a fn that outlives its time-out never runs beside a second one of the same call", async () => {
  const clock = virtualClock();
  const drive = new Drive({ clock });
  const slow = gate();
  let running = 0;
  let most = 0;
  const charge = durable("charge", async () => {
    running += 1;
    most = Math.max(most, running);
    await slow.passed;
    running -= 1;
    return "charged";
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], { timeoutMs: 100, reconciler: () => notStarted() }),
    ),
  );
  await slow.reached;
  await clock.advance(100);
  await clock.advance(1000);
  const mostWhileSlow = most;
  slow.pass();
  await clock.advance(2000);
  await attempt.done;

  expect([mostWhileSlow, most]).toEqual([1, 1]);
  expect(await drive.outcome()).toBe("charged");
  expect(drive.eventTypes()).toEqual(["outcome-unknown", "outcome-unknown", "call-reconciled"]);
});
