import { setImmediate as turn } from "node:timers/promises";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { DeliveryOrder, type KnownSlot, ORDER_PATIENCE_MS } from "../src/calls/delivery-order.ts";

function orderOver(known: KnownSlot[] = []) {
  const clock = virtualClock();
  const delivered: string[] = [];
  const notRestored: number[] = [];
  const order: DeliveryOrder = new DeliveryOrder({
    clock,
    nextKnown: () => known[0],
    onNotRestored: ({ slot }) => notRestored.push(slot),
    onDelivered: () => {},
  });
  const push = (seq: number): void => order.push({ seq, deliver: () => delivered.push(`#${seq}`) });
  return { clock, delivered, notRestored, order, push, known };
}

test("outcomes arrive by their number, not by when they were ready", async () => {
  const { push, delivered } = orderOver();

  push(4);
  push(1);
  push(2);
  for (let turns = 0; turns < 4; turns += 1) await turn();

  expect(delivered).toEqual(["#1", "#2", "#4"]);
});

test("each outcome gets a turn of the event loop of its own", async () => {
  const { push, delivered } = orderOver();
  const seen: number[] = [];

  push(1);
  push(2);
  await turn();
  seen.push(delivered.length);
  await turn();
  seen.push(delivered.length);

  expect(seen).toEqual([1, 2]);
});

test("nothing is delivered while a call that is due has not been asked for", async () => {
  const { push, delivered, order, known } = orderOver([{ slot: 2, functionId: "f", after: 0 }]);

  push(1);
  for (let turns = 0; turns < 3; turns += 1) await turn();
  expect(delivered).toEqual([]);
  known.shift();
  order.asked();
  await turn();

  expect(delivered).toEqual(["#1"]);
});

test("a call that is due only after a later outcome holds nothing back", async () => {
  const { push, delivered } = orderOver([{ slot: 2, functionId: "f", after: 1 }]);

  push(1);
  await turn();

  expect(delivered).toEqual(["#1"]);
});

test("a due call that never comes is given up after the patience, said once, and the rest goes on", async () => {
  const { push, delivered, notRestored, clock } = orderOver([
    { slot: 2, functionId: "f", after: 0 },
  ]);

  push(1);
  push(2);
  await turn();
  await clock.advance(ORDER_PATIENCE_MS - 1);
  expect(delivered).toEqual([]);
  await clock.advance(1);
  for (let turns = 0; turns < 3; turns += 1) await turn();

  expect(delivered).toEqual(["#1", "#2"]);
  expect(notRestored).toEqual([2]);
});
