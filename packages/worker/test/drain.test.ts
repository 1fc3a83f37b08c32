import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { DeliveriesInHand, DeliveryInHand } from "../src/delivery-in-hand.ts";
import { drain, within } from "../src/drain.ts";

function setUp({ isExecuting = true } = {}) {
  const clock = virtualClock();
  const inHand = new DeliveriesInHand();
  const log: string[] = [];
  const lock = { isCertain: true, onLost: () => {}, letGo: () => {} };
  const delivery = new DeliveryInHand("r-1", lock);
  const done = inHand.add(delivery);
  const note = (what: string) => () => void log.push(`${what} at ${clock.monotonic()}`);
  delivery.begin({
    runId: "r-1",
    action: "a",
    epoch: 1,
    done: new Promise(() => {}),
    isExecuting,
    isExecutingReconcilable: isExecuting,
    abort: note("aborted"),
    release: note("released"),
    fail: () => {},
  });
  return { clock, inHand, delivery, done, log };
}

test("nothing in hand, nothing to wait for", async () => {
  const clock = virtualClock();

  await drain({ timeoutMs: 30_000, clock, inHand: new DeliveriesInHand() });

  expect(clock.monotonic()).toBe(0);
});

test("a run is asked for at once, and cut off a second before the end", async () => {
  const { clock, inHand, delivery, log } = setUp();

  const draining = drain({ timeoutMs: 30_000, clock, inHand });
  await clock.advance(30_000);
  await draining;

  expect(log).toEqual(["released at 0", "aborted at 29000"]);
  expect(delivery.cutAs).toEqual({ kind: "cut-off", isExecutingReconcilable: true });
});

test("F6 what only waits for Redis is left to the next worker after two seconds", async () => {
  const { clock, inHand, delivery, log } = setUp({ isExecuting: false });
  const unclaimed = new DeliveryInHand("r-2", { isCertain: true, onLost() {}, letGo() {} });
  inHand.add(unclaimed);

  const draining = drain({ timeoutMs: 30_000, clock, inHand });
  await clock.advance(30_000);
  await draining;

  expect(log).toEqual(["released at 0", "aborted at 2000"]);
  expect(delivery.cutAs).toEqual({ kind: "cut-off", isExecutingReconcilable: false });
  expect(unclaimed.cutAs).toEqual({ kind: "not-begun" });
});

test("a run that ends is waited for no longer", async () => {
  const { clock, inHand, done, log } = setUp();

  const draining = drain({ timeoutMs: 30_000, clock, inHand });
  await clock.advance(1000);
  done();
  await draining;

  expect(log).toEqual(["released at 0"]);
  expect(clock.timers).toBe(0);
});

test("without any time, what is in hand is cut off at once", async () => {
  const { clock, inHand, log } = setUp();

  const draining = drain({ timeoutMs: 0, clock, inHand });
  await clock.advance(0);
  await draining;

  expect(log).toEqual(["released at 0", "aborted at 0"]);
});

test("a promise that rejects in time is done in time", async () => {
  const clock = virtualClock();

  expect(await within(10, Promise.reject(new Error("no")), clock)).toBe(true);
  expect(clock.timers).toBe(0);
});
