import { systemClock } from "@refrain/core";
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
