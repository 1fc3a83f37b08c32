import { describe, expect, it } from "vitest";
import type { Evidence } from "../src/demo/evidence.ts";
import { judge, takeTally } from "../src/demo/verdict.ts";
import type { Booking } from "../src/gateway/ledger.ts";
import type { Outcome } from "../src/records.ts";

const order = (id: string, cents = 1450) => ({
  id,
  cents,
  customer: "Ada",
  email: "ada@example.com",
  sku: "MUG-BLUE",
});
const booking = (id: string, orderId: string, cents = 1450): Booking => ({
  id,
  orderId,
  cents,
  idempotencyKey: "k",
});
const fulfilled = (orderId: string, paymentId: string): Outcome => ({
  orderId,
  status: "SUCCEEDED",
  paymentId,
});
const declined = (orderId: string): Outcome => ({
  orderId,
  status: "FAILED",
  error: "CardDeclined",
});
const mail = (orderId: string, idempotencyKey = `mail ${orderId}`) => ({
  orderId,
  to: "ada@example.com",
  subject: "On its way",
  idempotencyKey,
});

/** Orders a and b are booked once each, c is declined; everything that should have been seen was seen. */
const good: Evidence = {
  expected: [order("a"), order("b"), order("c")],
  badCards: new Set(["c"]),
  intakes: [
    { line: 1, orderId: "a", intake: "accepted" },
    { line: 2, orderId: "a", intake: "repeated" },
    { line: 3, orderId: "b", intake: "accepted" },
    { line: 4, orderId: "b", intake: "conflicting" },
    { line: 5, orderId: "c", intake: "accepted" },
  ],
  outcomes: [fulfilled("a", "ch_1"), fulfilled("b", "ch_2"), declined("c")],
  bookings: [booking("ch_1", "a"), booking("ch_2", "b")],
  mails: [mail("a"), mail("a"), mail("b")],
  events: [
    { event: "call-replayed", runId: "a" },
    { event: "call-replayed", runId: "a" },
    { event: "call-reconciled", runId: "a" },
    { event: "outcome-unknown", runId: "b" },
    { event: "settled", runId: "b" },
  ],
  kills: 8,
  accidents: [],
  wallMs: 20_000,
};

const problemsWith = (change: Partial<Evidence>) => judge({ ...good, ...change }).problems;

it("passes when every accepted order was booked once and the declined one was not", () => {
  const { tally, problems } = judge(good);

  expect(problems).toEqual([]);
  expect(tally).toEqual({
    accepted: 3,
    settled: 3,
    declined: 1,
    bookings: 2,
    doubled: 0,
    lost: 0,
    replayed: 2,
    reconciled: 1,
    unknown: 1,
    kills: 8,
    wallMs: 20_000,
  });
});

describe("fails when an order", () => {
  it("was booked twice", () => {
    const bookings = [...good.bookings, booking("ch_3", "a")];

    expect(problemsWith({ bookings })).toEqual(['order "a" was booked 2 times']);
    expect(takeTally({ ...good, bookings })).toMatchObject({ doubled: 1, lost: 0, bookings: 3 });
  });

  it("has a receipt and no booking", () => {
    const bookings = good.bookings.slice(1);

    expect(problemsWith({ bookings })).toEqual(['order "a" has a receipt and no booking']);
    expect(takeTally({ ...good, bookings })).toMatchObject({ doubled: 0, lost: 1 });
  });

  it("was booked with another amount", () => {
    expect(
      problemsWith({
        expected: [order("a", 9_007_199_254_740_991), order("b"), order("c")],
        bookings: [booking("ch_1", "a", 9_007_199_254_740_990), booking("ch_2", "b")],
      }),
    ).toEqual(['order "a" was booked with another amount']);
  });

  it("carries the receipt of another one", () => {
    const outcomes = [fulfilled("a", "ch_2"), fulfilled("b", "ch_2"), declined("c")];

    expect(problemsWith({ outcomes })).toEqual(['order "a" has a receipt for another payment']);
  });

  it("is not settled", () => {
    const running = { orderId: "b", status: "RUNNING" };

    for (const outcomes of [
      [fulfilled("a", "ch_1"), declined("c")],
      [fulfilled("a", "ch_1"), running, declined("c")],
    ]) {
      expect(problemsWith({ outcomes })).toContain('order "b" is not settled');
      expect(takeTally({ ...good, outcomes }).settled).toBe(2);
    }
  });

  it("failed for any reason but a declined card", () => {
    const failed = { orderId: "b", status: "FAILED", error: "TypeError: oops" };
    const outcomes = [fulfilled("a", "ch_1"), failed, declined("c")];

    expect(problemsWith({ outcomes })).toContain('order "b" failed: TypeError: oops');
  });

  it("was declined and booked all the same", () => {
    const bookings = [...good.bookings, booking("ch_3", "c")];

    expect(problemsWith({ bookings })).toEqual(['order "c" was declined and booked all the same']);
  });

  it("was declined though its card is good", () => {
    expect(problemsWith({ badCards: new Set() })).toEqual([
      'order "c" was declined though its card is good',
    ]);
  });

  it("was booked though nobody had placed it", () => {
    const bookings = [...good.bookings, booking("ch_3", "z")];

    expect(problemsWith({ bookings })).toEqual([
      'order "z" was booked though nobody had placed it',
    ]);
  });

  it("was never accepted, or accepted though the file does not hold it", () => {
    expect(problemsWith({ intakes: good.intakes.slice(1) })).toContain(
      'order "a" was never accepted',
    );
    expect(
      problemsWith({ intakes: [...good.intakes, { line: 9, orderId: "z", intake: "accepted" }] }),
    ).toEqual(['order "z" should not exist']);
  });

  it("was accepted twice", () => {
    const again = { line: 9, orderId: "a", intake: "accepted" as const };

    expect(problemsWith({ intakes: [...good.intakes, again] })).toEqual([
      "an order id was accepted twice",
    ]);
  });

  it("was never mailed, or mailed under two keys", () => {
    expect(problemsWith({ mails: [mail("a")] })).toEqual(['order "b" was never mailed']);
    expect(problemsWith({ mails: [...good.mails, mail("b", "other")] })).toEqual([
      'order "b" was mailed under 2 keys',
    ]);
  });
});

describe("fails when the demonstration", () => {
  it("killed too few workers", () => {
    expect(problemsWith({ kills: 7 })).toEqual(["only 7 of 8 kills hit a live worker"]);
  });

  it.each([
    ["call-replayed", "no call was ever replayed"],
    ["call-reconciled", "no call was ever reconciled"],
    ["outcome-unknown", "no outcome was ever unknown"],
  ])("never saw %s", (missing, problem) => {
    const events = good.events.filter(({ event }) => event !== missing);

    expect(problemsWith({ events })).toEqual([problem]);
  });

  it("took more than a minute", () => {
    expect(problemsWith({ wallMs: 60_001 })).toEqual(["it took 60 s"]);
  });

  it.each(["diverged", "handle-unused", "non-durable-wait"] as const)("heard of %s", (event) => {
    expect(problemsWith({ events: [...good.events, { event, runId: "a" }] })).toEqual([
      `order "a" raised a false alarm: ${event}`,
    ]);
  });

  it("saw a process end by itself", () => {
    expect(problemsWith({ accidents: ["worker-2 ended by itself"] })).toEqual([
      "worker-2 ended by itself",
    ]);
  });
});

it("does not take an order with an odd id for a property of an object", () => {
  const evidence = {
    ...good,
    expected: [order("__proto__"), order("constructor")],
    outcomes: [fulfilled("__proto__", "ch_1"), fulfilled("constructor", "ch_2")],
    bookings: [booking("ch_1", "__proto__"), booking("ch_2", "constructor")],
  };

  expect(takeTally(evidence)).toMatchObject({ settled: 2, doubled: 0, lost: 0 });
});
