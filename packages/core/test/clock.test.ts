import { setImmediate as turn } from "node:timers/promises";
import { ImmediateTurns, systemClock, type Turns } from "@refrain/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 24, 25, 60])("a timer of %i days is not early, and not late", (days) => {
  const callback = vi.fn<() => void>();

  systemClock.timer(days * DAY_MS, callback);
  vi.advanceTimersByTime(days * DAY_MS - 1);
  const calledEarly = callback.mock.calls.length;
  vi.advanceTimersByTime(1);

  expect(calledEarly).toBe(0);
  expect(callback).toHaveBeenCalledOnce();
});

test("a long timer can be cancelled after its first 25 days too", () => {
  const callback = vi.fn<() => void>();

  const cancel = systemClock.timer(60 * DAY_MS, callback);
  vi.advanceTimersByTime(30 * DAY_MS);
  cancel();
  vi.advanceTimersByTime(60 * DAY_MS);

  expect(callback).not.toHaveBeenCalled();
});

test("what is delivered soon comes when all microtasks and ticks of the delivery before are over", async () => {
  const turns = new ImmediateTurns();
  const seen: string[] = [];
  const deliverSoon = (left: number): void =>
    turns.deliverSoon(() => {
      seen.push(`delivery ${left}`);
      process.nextTick(() => {
        void Promise.resolve().then(() => process.nextTick(() => seen.push(`after ${left}`)));
      });
      if (left > 0) queueMicrotask(() => deliverSoon(left - 1));
    });

  deliverSoon(40);
  while (seen.length < 82) await turn();

  const expected = Array.from({ length: 41 }, (_, i) => [`delivery ${40 - i}`, `after ${40 - i}`]);
  expect(seen).toEqual(expected.flat());
});

test("what is delivered soon takes fewer turns than it has steps, and leaves turns to others all the same", async () => {
  const turns = new ImmediateTurns();

  const turnsOfOthers = await turnsWhile(turns, 10_000, () => {});

  expect(turnsOfOthers).toBeGreaterThan(10_000 / 128 - 1);
  expect(turnsOfOthers).toBeLessThan(5000);
});

test("deliveries that take long leave a turn to others after each few", async () => {
  const turns = new ImmediateTurns();

  const turnsOfOthers = await turnsWhile(turns, 40, () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
  });

  expect(turnsOfOthers).toBeGreaterThanOrEqual(39);
});

test("what is due at the end of a turn comes after all that is delivered soon in it", async () => {
  // On a busy machine a turn may be out of time before it is out of steps: here no time passes.
  vi.useFakeTimers({ toFake: ["performance"] });
  const turns = new ImmediateTurns();
  const seen: string[] = [];
  const deliverSoon = (left: number): void =>
    turns.deliverSoon(() => {
      seen.push("soon");
      turns.flush(() => seen.push("flush"));
      if (left > 0) deliverSoon(left - 1);
    });

  deliverSoon(7);
  while (seen.length < 16) await turn();

  // The first turn has no steps yet; those after it have four, and twice as many and four.
  const first = ["soon", "flush"];
  const second = [
    "soon",
    "soon",
    "soon",
    "soon",
    "soon",
    "flush",
    "flush",
    "flush",
    "flush",
    "flush",
  ];
  expect(seen.slice(0, 12)).toEqual([...first, ...second]);
});

/** How many turns others have while so many are delivered soon, each on seeing the one before. */
async function turnsWhile(turns: Turns, count: number, deliver: () => void): Promise<number> {
  const delivered: number[] = [];
  let turnsOfOthers = 0;
  const deliverSoon = (): void => {
    deliver();
    delivered.push(1);
    if (delivered.length < count) turns.deliverSoon(deliverSoon);
  };
  turns.deliverSoon(deliverSoon);
  while (delivered.length < count) {
    await turn();
    turnsOfOthers += 1;
  }
  return turnsOfOthers;
}
