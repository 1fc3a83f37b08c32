import { describe, expect, test } from "vitest";
import { type DeliveryEnd, decideFinish, type Finish, retryDelayMs } from "../src/decide-finish.ts";

function finish(end: DeliveryEnd, context: { deliveries?: number; random?: number } = {}): Finish {
  const { deliveries = 1, random = 0 } = context;
  return decideFinish(end, { deliveries, random, lockDurationMs: 15_000 });
}

const settled = { kind: "settled", reason: "run FAILED: Error: no" } as const;

describe("a job is finished for good only if nothing is left to do for it", () => {
  test.each<[DeliveryEnd, Finish]>([
    [
      { ...settled, status: "SUCCEEDED" },
      { tell: "completed", value: { run: "SUCCEEDED" } },
    ],
    [
      { ...settled, status: "FAILED" },
      { tell: "failed", reason: settled.reason },
    ],
    [
      { ...settled, status: "CANCELLED" },
      { tell: "failed", reason: settled.reason },
    ],
    [{ kind: "stale" }, { tell: "completed", value: { run: "stale" } }],
    [{ kind: "foreign" }, { tell: "completed", value: { run: "foreign" } }],
    [
      { kind: "husk", reason: "gone" },
      { tell: "failed", reason: "gone" },
    ],
  ])("%j -> %j", (end, told) => {
    expect(finish(end)).toEqual(told);
  });
});

describe("everything else comes back to the queue", () => {
  test.each<[DeliveryEnd, Finish]>([
    [{ kind: "released", reason: "drain", delayMs: 0 }, { tell: "waiting" }],
    [
      { kind: "released", reason: "outcome-unknown", delayMs: 1234.5 },
      { tell: "delayed", delayMs: 1235 },
    ],
    [{ kind: "not-begun" }, { tell: "waiting" }],
    [{ kind: "cut-off", isExecutingReconcilable: false }, { tell: "waiting" }],
    [
      { kind: "cut-off", isExecutingReconcilable: true },
      { tell: "delayed", delayMs: 15_000 },
    ],
  ])("%j -> %j", (end, told) => {
    expect(finish(end)).toEqual(told);
  });
});

test("trouble is tried again after 0.2 to 5 s, spread out", () => {
  expect(finish({ kind: "lost" }, { random: 0 })).toEqual({ tell: "delayed", delayMs: 200 });
  expect(finish({ kind: "lost" }, { random: 1 })).toEqual({ tell: "delayed", delayMs: 5000 });
  expect(retryDelayMs(0.5)).toBe(2600);
});

test("a job without a record waits for it for 30 s, then is failed", () => {
  const missing = { kind: "missing", reason: "no record" } as const;

  expect(finish({ ...missing, forMs: 0 })).toMatchObject({ tell: "delayed" });
  expect(finish({ ...missing, forMs: 29_999 })).toMatchObject({ tell: "delayed" });
  expect(finish({ ...missing, forMs: 30_000 })).toEqual({ tell: "failed", reason: "no record" });
});

test("an unknown action backs off up to 10 s, however often it was delivered", () => {
  const delays = [1, 2, 3, 10, 1_000_000].map((deliveries) =>
    finish({ kind: "unknown-action" }, { deliveries, random: 1 }),
  );

  expect(delays).toEqual(
    [1000, 2000, 4000, 10_000, 10_000].map((delayMs) => ({ tell: "delayed", delayMs })),
  );
});

test("a run that cannot be read is tried again ever later, up to 5 minutes", () => {
  const delays = [1, 2, 9, 10, 1_000_000].map((deliveries) =>
    finish({ kind: "unreadable" }, { deliveries, random: 1 }),
  );

  expect(delays).toEqual(
    [1000, 2000, 256_000, 300_000, 300_000].map((delayMs) => ({ tell: "delayed", delayMs })),
  );
});

test("a run for which there is no slot comes back within 2 s", () => {
  expect(finish({ kind: "no-slot" }, { random: 0 })).toEqual({ tell: "delayed", delayMs: 100 });
  expect(finish({ kind: "no-slot" }, { deliveries: 99, random: 1 })).toEqual({
    tell: "delayed",
    delayMs: 2000,
  });
});
