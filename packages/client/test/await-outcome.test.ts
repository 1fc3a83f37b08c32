import { MemoryStore, msgpackCodec, newNonce, RefrainError } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { type AwaitOutcomeOptions, awaitOutcome } from "../src/await-outcome.ts";

function setUp(hints?: AwaitOutcomeOptions["hints"]) {
  const clock = virtualClock();
  const store = new MemoryStore({ clock });
  const reads: number[] = [];
  const options: AwaitOutcomeOptions = {
    runId: "r-1",
    store: Object.assign(Object.create(store) as MemoryStore, {
      read: (runId: string) => {
        reads.push(clock.monotonic());
        return MemoryStore.prototype.read.call(store, runId, { calls: false });
      },
    }),
    clock,
    hints,
    timeoutMs: undefined,
    signal: undefined,
  };
  return { clock, store, reads, options };
}

async function create(store: MemoryStore): Promise<void> {
  const input = msgpackCodec.encode(null);
  const run = { runId: "r-1", action: "a", version: "", queue: "q", inputDigest: "", input };
  await store.create({ ...run, requestId: newNonce() });
}

async function settle(store: MemoryStore): Promise<void> {
  const delivery = { runId: "r-1", action: "a", queue: "q", nonce: newNonce() };
  const counters = { jobTimestamp: 1, attemptsStarted: 1, incarnation: 0 };
  const reply = await store.claim({ ...delivery, ...counters });
  if (reply.kind !== "claimed") throw new Error(`the claim was answered "${reply.kind}"`);
  const payload = msgpackCodec.encode("done");
  reply.claim.settle({ status: "SUCCEEDED", payload, failedSlot: undefined, retentionMs: 1e9 });
  await reply.claim.acknowledged();
}

function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

test("without hints, the record is looked at with growing pauses of at most 2.5 s", async () => {
  const { clock, store, reads, options } = setUp();
  await create(store);

  const waiting = awaitOutcome(options);
  await clock.advance(60_000);
  await settle(store);
  await clock.advance(2500);

  expect(await waiting).toMatchObject({ status: "SUCCEEDED" });
  expect(reads.length).toBeLessThan(60);
  expect(clock.timers).toBe(0);
});

test("a hint is answered by a look at once, and a wrong one does no harm", async () => {
  let hint = (): void => {};
  let watchers = 0;
  const { clock, store, options } = setUp({
    onSettled: (_runId, listener) => {
      hint = listener;
      watchers += 1;
      return () => {
        watchers -= 1;
      };
    },
  });
  await create(store);
  const waiting = awaitOutcome(options);
  await clock.advance(10_000);

  hint();
  await clock.advance(0);
  await settle(store);
  hint();

  expect(await waiting).toMatchObject({ status: "SUCCEEDED" });
  expect(watchers).toBe(0);
});

test("a hint that comes while the record is being read is not lost", async () => {
  let hint = (): void => {};
  const { clock, store, options } = setUp({
    onSettled: (_runId, listener) => {
      hint = listener;
      return () => {};
    },
  });
  await create(store);
  const first = await store.read("r-1");
  let isFirst = true;
  const racing: AwaitOutcomeOptions = {
    ...options,
    store: Object.assign(Object.create(store) as MemoryStore, {
      read: async () => {
        if (!isFirst) return MemoryStore.prototype.read.call(store, "r-1");
        isFirst = false;
        await settle(store);
        hint();
        return first;
      },
    }),
  };

  const outcome = await awaitOutcome(racing);

  expect(outcome.status).toBe("SUCCEEDED");
  expect(clock.monotonic()).toBe(0);
});

test("a deadline holds while the store does not answer", async () => {
  const { clock, store, options } = setUp();
  const silent = Object.assign(Object.create(store) as MemoryStore, {
    read: () => new Promise(() => {}),
  });
  const waiting = caught(awaitOutcome({ ...options, store: silent, timeoutMs: 1000 }));

  await clock.advance(1000);

  expect(await waiting).toMatchObject({ code: "TIMEOUT" });
});

test("nothing is read any more once the wait is over", async () => {
  const { clock, store, reads, options } = setUp();
  await create(store);
  const waiting = caught(awaitOutcome({ ...options, timeoutMs: 1000 }));
  await clock.advance(1000);
  expect(await waiting).toMatchObject({ code: "TIMEOUT" });
  const before = reads.length;

  await clock.advance(60_000);

  expect(reads.length).toBe(before);
  expect(clock.timers).toBe(0);
});

class NotNow extends RefrainError {
  readonly code = "STORE";
  readonly isTransient: boolean;
  constructor(isTransient: boolean) {
    super("BUSY Redis is busy running a script");
    this.isTransient = isTransient;
  }
}

/** The store, which cannot be read until it is told that it can. */
function refusing(store: MemoryStore, isTransient: boolean) {
  const refusals: number[] = [];
  const trouble = { refusals, isOver: false };
  const read = async (runId: string) => {
    if (trouble.isOver) return MemoryStore.prototype.read.call(store, runId, { calls: false });
    refusals.push(refusals.length);
    throw new NotNow(isTransient);
  };
  return Object.assign(trouble, {
    store: Object.assign(Object.create(store) as MemoryStore, { read }),
  });
}

test("a store that cannot be read now is read again until it can", async () => {
  const { clock, store, options } = setUp();
  await create(store);
  await settle(store);
  const trouble = refusing(store, true);
  const waiting = awaitOutcome({ ...options, store: trouble.store, timeoutMs: 60_000 });

  await clock.advance(10_000);
  const { length } = trouble.refusals;
  trouble.isOver = true;
  await clock.advance(2500);

  expect(await waiting).toMatchObject({ status: "SUCCEEDED" });
  expect(length).toBeGreaterThan(3);
  expect(length).toBeLessThan(30);
});

test("a store that cannot be read until the deadline is a timeout, and one that refuses for good ends the wait", async () => {
  const { clock, store, options } = setUp();
  const late = caught(
    awaitOutcome({ ...options, store: refusing(store, true).store, timeoutMs: 1000 }),
  );
  const refused = caught(awaitOutcome({ ...options, store: refusing(store, false).store }));

  expect(await refused).toBeInstanceOf(NotNow);
  await clock.advance(1000);
  expect(await late).toMatchObject({ code: "TIMEOUT" });
  expect(clock.timers).toBe(0);
});
