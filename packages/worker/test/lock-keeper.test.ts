import { virtualClock } from "@refrain/testkit";
import { expect, test, vi } from "vitest";
import { LockKeeper } from "../src/lock-keeper.ts";

function setUp(extend: (ids: string[], tokens: string[]) => Promise<string[]> = async () => []) {
  const clock = virtualClock();
  const calls: { ids: string[]; tokens: string[]; durationMs: number }[] = [];
  const troubles: string[] = [];
  const keeper = new LockKeeper({
    lockDurationMs: 8000,
    clock,
    extend: (ids, tokens, durationMs) => {
      calls.push({ ids, tokens, durationMs });
      return extend(ids, tokens);
    },
    onTrouble: (message) => troubles.push(message),
  });
  return { clock, calls, troubles, keeper };
}

test("all locks in hand are renewed together, every quarter of their duration", async () => {
  const { clock, calls, keeper } = setUp();
  keeper.hold("run-a", "w:1", 0);
  keeper.hold("run-b", "w:2", 0);

  await clock.advance(4000);

  const renewal = { ids: ["run-a", "run-b"], tokens: ["w:1", "w:2"], durationMs: 8000 };
  expect(calls).toEqual([renewal, renewal]);
});

test("a lock that is let go is not renewed, and without locks no timer runs", async () => {
  const { clock, calls, keeper } = setUp();
  const lock = keeper.hold("run-a", "w:1", 0);

  lock.letGo();
  await clock.advance(10_000);

  expect(calls).toEqual([]);
  expect(clock.timers).toBe(0);
});

test("a lock that comes back lost tells its delivery once, and is certain no more", async () => {
  const { clock, keeper } = setUp(async () => ["run-a"]);
  const lost = keeper.hold("run-a", "w:1", 0);
  const kept = keeper.hold("run-b", "w:2", 0);
  const onLost = vi.fn<() => void>();
  lost.onLost(onLost);

  await clock.advance(6000);

  expect(onLost).toHaveBeenCalledOnce();
  expect(lost.isCertain).toBe(false);
  expect(kept.isCertain).toBe(true);
});

test("a lock that comes back lost and is there all the same is not lost, and lasts no longer for that", async () => {
  const clock = virtualClock();
  const held = new Set(["w:1"]);
  const keeper = new LockKeeper({
    lockDurationMs: 8000,
    clock,
    extend: async (ids) => ids,
    isStillHeld: async (_jobId, token) => held.has(token),
    onTrouble: () => {},
  });
  const [kept, lost] = [keeper.hold("run-a", "w:1", 0), keeper.hold("run-b", "w:2", 0)];
  const [onKept, onLost] = [vi.fn<() => void>(), vi.fn<() => void>()];
  kept.onLost(onKept);
  lost.onLost(onLost);

  await clock.advance(4000);
  const wasCertain = kept.isCertain;
  await clock.advance(2000);

  expect(onLost).toHaveBeenCalledOnce();
  expect(onKept).not.toHaveBeenCalled();
  expect([wasCertain, kept.isCertain]).toEqual([true, false]);
  held.clear();
  await clock.advance(2000);
  expect(onKept).toHaveBeenCalledOnce();
});

test("who asks after the loss is told at once", async () => {
  const { clock, keeper } = setUp(async () => ["run-a"]);
  const lock = keeper.hold("run-a", "w:1", 0);
  await clock.advance(2000);
  const onLost = vi.fn<() => void>();

  lock.onLost(onLost);

  expect(onLost).toHaveBeenCalledOnce();
});

test("a lock is certain for its duration minus 2 s since the renewal was sent", async () => {
  let answer: (lost: string[]) => void = () => {};
  const { clock, keeper } = setUp(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const lock = keeper.hold("run-a", "w:1", 0);
  await clock.advance(5999);
  expect(lock.isCertain).toBe(true);
  await clock.advance(1);
  expect(lock.isCertain).toBe(false);

  // Sent at 2 s and answered at 6 s: what counts is when it was sent.
  answer([]);
  await clock.advance(0);

  expect(lock.isCertain).toBe(true);
  await clock.advance(1999);
  expect(lock.isCertain).toBe(true);
  await clock.advance(1);
  expect(lock.isCertain).toBe(false);
});

test("the time a job spent on its way here counts as age of its lock", () => {
  const { keeper } = setUp();

  expect(keeper.hold("run-a", "w:1", 5999).isCertain).toBe(true);
  expect(keeper.hold("run-b", "w:1", 6000).isCertain).toBe(false);
  expect(keeper.hold("run-c", "w:1", -60_000).isCertain).toBe(true);
});

test("short locks keep half of their duration as a margin", () => {
  const clock = virtualClock();
  const keeper = new LockKeeper({
    lockDurationMs: 1000,
    clock,
    extend: async () => [],
    onTrouble: () => {},
  });

  expect(keeper.hold("run-a", "w:1", 499).isCertain).toBe(true);
  expect(keeper.hold("run-b", "w:1", 500).isCertain).toBe(false);
});

test("a renewal that hangs is not joined by others, and the next follows it", async () => {
  const answers: ((lost: string[]) => void)[] = [];
  const { clock, calls, keeper } = setUp(() => new Promise((resolve) => answers.push(resolve)));
  keeper.hold("run-a", "w:1", 0);
  await clock.advance(20_000);
  expect(calls).toHaveLength(1);

  answers[0]?.([]);
  await clock.advance(2000);

  expect(calls).toHaveLength(2);
});

test("a renewal that fails loses nothing and is tried again", async () => {
  const { clock, calls, troubles, keeper } = setUp(async () => {
    throw new Error("OOM command not allowed");
  });
  const lock = keeper.hold("run-a", "w:1", 0);
  const onLost = vi.fn<() => void>();
  lock.onLost(onLost);

  await clock.advance(4000);

  expect(calls).toHaveLength(2);
  expect(troubles).toHaveLength(2);
  expect(onLost).not.toHaveBeenCalled();
});

test("two deliveries of one job are renewed by two requests", async () => {
  const { clock, calls, keeper } = setUp(async (_, tokens) =>
    tokens[0] === "w:1" ? ["run-a"] : [],
  );
  const older = keeper.hold("run-a", "w:1", 0);
  const newer = keeper.hold("run-a", "w:2", 0);

  await clock.advance(2000);

  expect(calls.map((call) => call.tokens)).toEqual([["w:1"], ["w:2"]]);
  expect(older.isCertain).toBe(false);
  expect(newer.isCertain).toBe(true);
});

test("locks taken and let go while a renewal is under way do not make it two", async () => {
  const answers: ((lost: string[]) => void)[] = [];
  const { clock, calls, keeper } = setUp(() => new Promise((resolve) => answers.push(resolve)));
  const first = keeper.hold("run-a", "w:1", 0);
  await clock.advance(2000);

  first.letGo();
  keeper.hold("run-b", "w:2", 0);
  answers[0]?.([]);
  await clock.advance(2000);

  expect(calls.map((call) => call.ids)).toEqual([["run-a"], ["run-b"]]);
});
