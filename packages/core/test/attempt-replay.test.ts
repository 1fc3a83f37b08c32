import {
  ClaimLostError,
  type CommitPort,
  type DurableContext,
  defineAction,
  durable,
  implementationOf,
  newNonce,
  notStarted,
  runAction,
} from "@refrain/core";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });
const crash = new ClaimLostError("lock", "the worker died");
const echo = durable("echo", async (value: unknown) => value);
const never = durable("never", () => new Promise(() => {}));

/** An attempt that goes as far as the call that never returns, and dies there. */
async function crashAfter(drive: Drive, handler: (ctx: DurableContext) => unknown): Promise<void> {
  const reached = gate();
  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      await handler(ctx);
      reached.arrive();
      await ctx.durableExecute(never);
    }),
  );
  await reached.reached;
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  attempt.abort(crash);
}

test("now, random and uuid give every attempt the same values", async () => {
  const drive = new Drive();
  const seen: unknown[][] = [];
  const handler = async (ctx: DurableContext): Promise<void> => {
    const values = [ctx.now(), ctx.random(), ctx.uuid()];
    await ctx.durableExecute(echo, [1]);
    values.push(ctx.now(), ctx.random(), ctx.uuid(), ctx.idempotencyKey("label"));
    seen.push(values);
  };
  await drive.create(action);

  await crashAfter(drive, handler);
  await (await drive.attempt(action.implement(handler))).done;

  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
  expect(new Set(seen[0]).size).toBeGreaterThanOrEqual(6);
});

test("the first run sees what a replay sees: decoded values", async () => {
  class Money {
    cents = 5;
    get euros(): number {
      return this.cents / 100;
    }
  }
  const rich = durable("rich", async () => ({
    money: new Money(),
    at: new Date(0),
    tags: new Map([["a", new Set([1n])]]),
    none: undefined,
    nan: Number.NaN,
  }));
  const drive = new Drive();
  const seen: unknown[] = [];
  const handler = async (ctx: DurableContext): Promise<void> => {
    seen.push(await ctx.durableExecute(rich));
  };
  await drive.create(action);

  await crashAfter(drive, handler);
  await (await drive.attempt(action.implement(handler))).done;

  expect(seen[1]).toStrictEqual(seen[0]);
  expect(seen[0]).toStrictEqual({
    money: { cents: 5 },
    at: new Date(0),
    tags: new Map([["a", new Set([1n])]]),
    none: undefined,
    nan: Number.NaN,
  });
  expect(drive.events).toContainEqual(
    expect.objectContaining({ type: "warning", code: "class-instance", functionId: "rich" }),
  );
});

test("a result that cannot be stored is a recorded failure: fn does not run again", async () => {
  let ran = 0;
  const closure = durable("closure", async () => {
    ran += 1;
    return { callback: () => {} };
  });
  const drive = new Drive();
  const seen: unknown[] = [];
  const handler = async (ctx: DurableContext): Promise<void> => {
    await ctx.durableExecute(closure).catch((error: unknown) => seen.push(error));
  };
  await drive.create(action);

  await crashAfter(drive, handler);
  await (await drive.attempt(action.implement(handler))).done;

  expect(ran).toBe(1);
  expect(seen).toMatchObject([
    { name: "SerializationError", message: expect.stringContaining("result.callback") },
    { name: "SerializationError", message: expect.stringContaining("result.callback") },
  ]);
});

test("a result over the limit is a recorded failure that says how large it was", async () => {
  const limits = { maxValueBytes: 100, maxJournalBytes: 10_000, maxCalls: 10 };
  const drive = new Drive({ limits });
  const large = durable("large", async () => "x".repeat(200));
  await drive.create(action);

  const attempt = await drive.attempt(action.implement((ctx) => ctx.durableExecute(large)));
  await attempt.done;

  expect(await drive.outcome()).toMatchObject({
    name: "SerializationError",
    message: expect.stringMatching(/20\d bytes are over the limit for one value \(100 bytes\)/),
  });
});

test("a run with more calls than it may have fails before the next fn runs", async () => {
  const limits = { maxValueBytes: 1000, maxJournalBytes: 10_000, maxCalls: 2 };
  const drive = new Drive({ limits });
  let ran = 0;
  const step = durable("step", async () => {
    ran += 1;
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      for (;;) await ctx.durableExecute(step);
    }),
  );
  await attempt.done;

  expect(ran).toBe(2);
  expect(await drive.outcome()).toMatchObject({
    name: "LimitExceededError",
    message: expect.stringContaining("run run-1, slot 2 (step): a run may have 2 calls"),
  });
});

test("a divergence is announced with every dropped call and its key, and the run goes on", async () => {
  const drive = new Drive();
  const other = durable("other", async () => "other");
  await drive.create(action);

  await crashAfter(drive, async (ctx) => {
    await ctx.durableExecute(echo, [1]);
    await ctx.durableExecute(echo, [2]);
  });
  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      await ctx.durableExecute(echo, [1]);
      return ctx.durableExecute(other);
    }),
  );
  await attempt.done;

  expect(await drive.outcome()).toBe("other");
  expect(drive.events).toContainEqual({
    type: "diverged",
    slot: 1,
    expected: "echo",
    found: "other",
    verdict: "cleared",
    clears: 0,
    dropped: [
      {
        slot: 1,
        functionId: "echo",
        argsDigest: expect.stringMatching(/^[0-9a-f]{16}$/),
        status: "SUCCEEDED",
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ],
  });
});

test('under "guard" a started reconcilable call is never dropped: the run fails and says why', async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  const other = durable("other", async () => "other");
  await drive.create(action);

  const first = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => notStarted() })),
  );
  await started.reached;
  first.abort(crash);
  const second = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(other), { onDivergence: "guard" }),
  );
  await second.done;

  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("would drop charge at slot 0"),
  });
  const state = await drive.store.read("run-1");
  expect(state?.calls.map((call) => call.functionId)).toEqual(["charge"]);
});

test("an action that ends without asking for a started call has diverged", async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  await drive.create(action);

  const first = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => notStarted() })),
  );
  await started.reached;
  first.abort(crash);
  const second = await drive.attempt(
    action.implement(() => "skipped it", { onDivergence: "guard" }),
  );
  await second.done;

  expect(drive.eventTypes()).toEqual(["diverged"]);
  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("ended without asking for it"),
  });
});

test("a journal is cleared three times at most, then the run fails", async () => {
  const drive = new Drive();
  const steps = ["a1", "b1", "c1", "d1", "e1"].map((id) => durable(`step.${id}`, async () => id));
  await drive.create(action);

  for (const step of steps.slice(0, 4)) {
    await crashAfter(drive, async (ctx) => {
      await ctx.durableExecute(step);
    });
  }
  const last = steps[4];
  const attempt = await drive.attempt(
    action.implement(async (ctx) => (last === undefined ? 0 : ctx.durableExecute(last))),
  );
  await attempt.done;

  expect(drive.events.map((event) => event.type === "diverged" && event.verdict)).toEqual([
    "cleared",
    "cleared",
    "cleared",
    "failed",
  ]);
  expect(await drive.outcome()).toMatchObject({
    name: "DivergenceError",
    message: expect.stringContaining("the journal was cleared 3 times already"),
  });
});

test("the log is silent while the action replays, and speaks from the first new line on", async () => {
  const drive = new Drive();
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) });
  const handler = async (ctx: DurableContext): Promise<void> => {
    const child = ctx.log.child({ part: "child" });
    ctx.log.info("start");
    await ctx.durableExecute(echo, [1]);
    ctx.log.info("between");
    await ctx.durableExecute(echo, [2]);
    ctx.log.info("after two");
    child.info("from the child");
  };
  await drive.create(action);
  await crashAfter(drive, handler);

  const attempt = await drive.attempt(action.implement(handler), { logger });
  await attempt.done;

  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 30, run: "run-1", action: "act", attempt: 2, msg: "after two" },
    { level: 30, run: "run-1", action: "act", attempt: 2, part: "child", msg: "from the child" },
  ]);
});

test("a write that is lost between two acknowledged ones ends the attempt as a gap", async () => {
  let drop = false;
  const wrapPort = (port: CommitPort): CommitPort => ({
    send: async (batch) => {
      if (!drop) return port.send(batch);
      drop = false;
      return batch.map(() => ({ word: "applied" as const }));
    },
  });
  const drive = new Drive({ wrapPort });
  const effects: number[] = [];
  const step = durable("step", async (n: number) => {
    effects.push(n);
    drop = n === 1;
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      for (const n of [1, 2, 3]) await ctx.durableExecute(step, [n]);
    }),
  );
  const end = await attempt.done;

  expect(end).toMatchObject({ kind: "lost", error: { reason: "gap" } });
  expect(effects).toEqual([1, 2]);
});

test("an attempt over a journal that cannot be read ends before its first line", async () => {
  const drive = new Drive();
  let began = 0;
  const unreadable = new Error("slot 0: the stored bytes are not a call");
  await drive.create(action);
  const implementation = action.implement(() => {
    began += 1;
  });
  const reply = await drive.store.claim({
    runId: "run-1",
    action: "act",
    queue: "default",
    nonce: newNonce(),
    jobTimestamp: 1,
    attemptsStarted: 1,
    incarnation: 0,
  });
  if (reply.kind !== "claimed") throw new Error(reply.kind);

  const attempt = runAction({
    claim: reply.claim,
    run: { ...reply.run, unreadable },
    implementation: implementationOf(implementation),
  });

  expect(await attempt.done).toEqual({ kind: "broken", error: unreadable });
  expect(began).toBe(0);
});
