import {
  type Codec,
  type CommitPort,
  type DurableContext,
  defineAction,
  durable,
  implementationOf,
  msgpackCodec,
  newNonce,
  notStarted,
  runAction,
} from "@refrain/core";
import { pino } from "pino";
import { expect, test } from "vitest";
import { crash, crashAfter } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });
const echo = durable("echo", async (value: unknown) => value);

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

  await crashAfter(drive, action, handler);
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

  await crashAfter(drive, action, handler);
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

  await crashAfter(drive, action, handler);
  await (await drive.attempt(action.implement(handler))).done;

  expect(ran).toBe(1);
  expect(seen).toMatchObject([
    { name: "SerializationError", message: expect.stringContaining("result.callback") },
    { name: "SerializationError", message: expect.stringContaining("result.callback") },
  ]);
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
  await crashAfter(drive, action, handler);

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

/** Reads nothing that was stored by another: as a worker without a key would. */
const keyless: Codec = {
  ...msgpackCodec,
  decode: () => {
    throw new Error("no such key");
  },
};

test("an input that cannot be read ends the attempt and fails no run", async () => {
  const drive = new Drive();
  let began = 0;
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(() => {
      began += 1;
    }),
    { codec: keyless },
  );
  const end = await attempt.done;

  const message = "run run-1: its input cannot be read: no such key";
  expect(end).toMatchObject({ kind: "broken", error: { code: "SERIALIZATION", message } });
  expect([began, (await drive.store.read("run-1"))?.status]).toEqual([0, "RUNNING"]);
});

test("a recorded success that cannot be read is never shown to the action as a failure", async () => {
  const drive = new Drive();
  const paidWith: unknown[] = [];
  const handler = async (ctx: DurableContext): Promise<void> => {
    paidWith.push(await ctx.durableExecute(echo, ["visa"]).catch(() => "mastercard"));
  };
  await drive.create(action);
  await crashAfter(drive, action, handler);
  let decoded = 0;
  const losingItsKey: Codec = {
    ...msgpackCodec,
    decode: (bytes, place) => {
      decoded += 1;
      return decoded === 1 ? msgpackCodec.decode(bytes) : keyless.decode(bytes, place);
    },
  };

  const attempt = await drive.attempt(action.implement(handler), { codec: losingItsKey });
  const end = await attempt.done;

  const message = "run run-1, slot 0: the recorded outcome of echo cannot be read: no such key";
  expect(end).toMatchObject({ kind: "broken", error: { message } });
  expect(paidWith).toEqual(["visa"]);
});

test("a started call that has lost its reconciler runs again, announced", async () => {
  const drive = new Drive();
  const started = gate();
  const charge = durable("charge", () => started.passed);
  await drive.create(action);
  const first = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => notStarted() })),
  );
  await started.reached;
  first.abort(crash);
  started.pass();

  const second = await drive.attempt(action.implement((ctx) => ctx.durableExecute(charge)));
  await second.done;

  expect(drive.events).toMatchObject([{ type: "warning", code: "reconciler-removed", slot: 0 }]);
});
