import { TerminalError } from "@refrain/core";
import { expect, test } from "vitest";
import { retryDelay, retryPolicy, unknownDelay } from "../src/decisions/retry-policy.ts";

const error = new Error("boom");
const plain = { jitter: false };

test("without options there is no second try", () => {
  expect(retryDelay(retryPolicy("here", undefined), 1, error, 0)).toBeUndefined();
});

test("FA-RTY-12 the first wait is 1 s by default, then it doubles", () => {
  const policy = retryPolicy("here", { attempts: 4, backoff: plain });

  const delays = [1, 2, 3, 4].map((tries) => retryDelay(policy, tries, error, 0));

  expect(delays).toEqual([1000, 2000, 4000, undefined]);
});

test("no wait is longer than maxMs, however many tries there were", () => {
  const policy = retryPolicy("here", { attempts: 10_000, backoff: { ...plain, maxMs: 5000 } });

  expect(retryDelay(policy, 9_999, error, 0)).toBe(5000);
});

test("no wait stays no wait, however many tries there were", () => {
  const policy = retryPolicy("here", { attempts: 10_000, backoff: { ...plain, initialMs: 0 } });

  expect(retryDelay(policy, 9_999, error, 0)).toBe(0);
});

test("jitter takes 50 to 100 % of the wait", () => {
  const policy = retryPolicy("here", { attempts: 2 });

  expect(retryDelay(policy, 1, error, 0)).toBe(500);
  expect(retryDelay(policy, 1, error, 0.999)).toBeCloseTo(1000, -1);
});

test("a TerminalError and what nonRetryable names get no further try", () => {
  const policy = retryPolicy("here", { nonRetryable: (thrown) => thrown === error });

  expect(retryDelay(policy, 1, error, 0)).toBeUndefined();
  expect(retryDelay(policy, 1, new TerminalError("no"), 0)).toBeUndefined();
  expect(retryDelay(policy, 1, new Error("other"), 0)).toBeGreaterThan(0);
});

test.each([
  [{ attempts: 0 }, "retry.attempts must be a whole number from 1, not 0"],
  [{ attempts: 1.5 }, "retry.attempts"],
  [{ backoff: { initialMs: -1 } }, "retry.backoff.initialMs must be 0 to 30000 milliseconds"],
  [{ backoff: { maxMs: 60_000 } }, "retry.backoff.maxMs must be 0 to 30000 milliseconds"],
  [{ backoff: { factor: 0.5 } }, "retry.backoff.factor"],
  [{ backoff: { maxDelay: 1 } }, 'unknown option "maxDelay"'],
  [{ retries: 3 }, 'unknown option "retries"'],
] as const)("bad retry options %j are refused by name", (options, message) => {
  expect(() => retryPolicy("durable call x", options as object)).toThrow(TypeError);
  expect(() => retryPolicy("durable call x", options as object)).toThrow(message);
});

test("an unknown outcome is asked about after 1 s, doubled up to 5 minutes, for ever", () => {
  const delays = [1, 2, 3, 9, 10, 1_000_000].map((asks) => unknownDelay(asks, undefined));

  expect(delays).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000]);
  expect(unknownDelay(7, 50)).toBe(50);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, "soon"])(
  "a wait of %s that somebody wrote into an OutcomeUnknownError is not waited for",
  (retryAfterMs) => {
    expect(unknownDelay(1, retryAfterMs)).toBe(1000);
  },
);
