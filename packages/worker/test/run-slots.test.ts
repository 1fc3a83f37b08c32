import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { RunSlots } from "../src/run-slots.ts";

function setUp(concurrency: number, bounds: Readonly<Record<string, number>> = {}) {
  const clock = virtualClock();
  const slots = new RunSlots({ concurrency, bounds: new Map(Object.entries(bounds)), clock });
  return { clock, slots };
}

test("a free slot is given at once", async () => {
  const { slots } = setUp(2);

  expect(slots.enter("a")).toBe(true);
  expect(slots.enter("b")).toBe(true);
});

test("whoever waits gets the slot that is left, first come, first served", async () => {
  const { slots } = setUp(1);
  await slots.enter("a");
  const order: string[] = [];
  const second = Promise.resolve(slots.enter("b")).then(() => order.push("b"));
  void Promise.resolve(slots.enter("c")).then(() => order.push("c"));

  slots.leave("a");
  await second;

  expect(order).toEqual(["b"]);
});

test("an action's own bound holds up its runs, and no others", async () => {
  const { slots } = setUp(10, { a: 1 });
  await slots.enter("a");
  const waiting = slots.enter("a");

  expect(await slots.enter("b")).toBe(true);
  slots.leave("a");

  expect(await waiting).toBe(true);
});

test("no more wait than may run at once: the others are sent back at once", async () => {
  const { slots } = setUp(10, { a: 1 });
  await slots.enter("a");
  const waiting = slots.enter("a");

  expect(await slots.enter("a")).toBe(false);
  slots.leave("a");
  expect(await waiting).toBe(true);
});

test("nobody waits for longer than a second", async () => {
  const { clock, slots } = setUp(1);
  await slots.enter("a");
  const waiting = slots.enter("b");

  await clock.advance(1000);

  expect(await waiting).toBe(false);
  slots.leave("a");
  expect(await slots.enter("c")).toBe(true);
});

test("a slot given to one who waited counts as taken", async () => {
  const { slots } = setUp(1);
  await slots.enter("a");
  const waiting = slots.enter("b");
  slots.leave("a");
  expect(await waiting).toBe(true);

  const third = slots.enter("c");
  slots.leave("b");

  expect(await third).toBe(true);
});

test("when the worker closes, all who wait are sent away", async () => {
  const { slots, clock } = setUp(1);
  await slots.enter("a");
  const waiting = slots.enter("b");

  slots.dismissAll();

  expect(await waiting).toBe(false);
  expect(clock.timers).toBe(0);
});
