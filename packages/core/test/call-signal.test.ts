import { type CallInfo, ClaimLostError, defineAction } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });
const lost = new ClaimLostError("lock");

/** A call that looks at its signal only when the gate lets it pass. */
function looksLate() {
  const looks = gate();
  const hasLooked = gate();
  const reasons: unknown[] = [];
  const call = async (info: CallInfo): Promise<void> => {
    await looks.passed;
    reasons.push(info.signal.reason);
    hasLooked.arrive();
  };
  return { looks, hasLooked, reasons, callable: { id: "charge", call } };
}

test("a call that looks at its signal after its attempt is lost finds it aborted", async () => {
  const { looks, hasLooked, reasons, callable } = looksLate();
  const drive = new Drive();
  await drive.create(action);

  const attempt = await drive.attempt(action.implement((ctx) => ctx.durableExecute(callable)));
  await looks.reached;
  attempt.abort(lost);
  looks.pass();
  await hasLooked.reached;

  expect(reasons).toEqual([lost]);
});

test("a call that looks at its signal after its time-out finds it aborted, and the next try does not", async () => {
  const clock = virtualClock();
  const { looks, hasLooked, reasons, callable } = looksLate();
  const secondTry = gate();
  const drive = new Drive({ clock });
  const retry = { attempts: 2, backoff: { initialMs: 5, jitter: false } };
  let tries = 0;
  const call = (info: CallInfo): unknown => {
    tries += 1;
    if (tries === 1) return callable.call(info);
    reasons.push(info.signal.aborted);
    return secondTry.passed;
  };
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute({ id: "charge", call, retry, timeoutMs: 10 })),
  );
  await looks.reached;
  await clock.advance(10);
  await clock.advance(5);
  await secondTry.reached;
  looks.pass();
  await hasLooked.reached;
  secondTry.pass();
  await attempt.done;

  expect(reasons).toEqual([false, expect.objectContaining({ name: "TimeoutError" })]);
});

test("an action that looks at its signal after its attempt is lost finds it aborted", async () => {
  const looks = gate();
  const hasLooked = gate();
  const drive = new Drive();
  let reason: unknown;
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      await looks.passed;
      reason = ctx.signal.reason;
      hasLooked.arrive();
    }),
  );
  await looks.reached;
  attempt.abort(lost);
  looks.pass();
  await hasLooked.reached;

  expect(reason).toBe(lost);
});
