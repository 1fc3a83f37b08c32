import { randomBytes, randomUUID } from "node:crypto";
import { ShardKeys } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import {
  aesGcmCodec,
  type Codec,
  defineAction,
  durable,
  type Implementation,
  msgpackCodec,
  OutcomeUnknownError,
  PoisonRunError,
} from "refrain";
import { describe, expect, test } from "vitest";
import { everythingStored } from "./support/everything-stored.ts";
import { gate, Harness } from "./support/harness.ts";

// Nothing is compressed, so that whatever was stored can be found.
const harness = new Harness({ appendfsync: "always", args: ["--rdbcompression", "no"] });

const keys = { first: randomBytes(32), second: randomBytes(32) };
const first = aesGcmCodec({ keys: { first: keys.first }, primaryKeyId: "first" });
const second = aesGcmCodec({ keys: { second: keys.second }, primaryKeyId: "second" });
const rotated = aesGcmCodec({ keys, primaryKeyId: "second" });

class Declined extends Error {
  readonly card: string;

  constructor(text: string) {
    super(`declined ${text}`, { cause: new Error(`because of ${text}`) });
    this.name = "Declined";
    this.card = text;
  }
}

const order = defineAction<{ note: string; fails: boolean }, string>({ name: "order" });

/** Passes a secret through everything that is stored of a run. */
const passesOn: Implementation = order.implement(async (ctx, { note, fails }) => {
  const echo = durable("echo", async (text: string) => ({ text, list: [{ text }] }));
  const decline = durable("decline", async (text: string): Promise<string> => {
    throw new Declined(text);
  });
  const unknown = durable("unknown", async (text: string): Promise<string> => {
    throw new OutcomeUnknownError({ retryAfterMs: 1, cause: new Error(text) });
  });
  const { text } = await ctx.durableExecute(echo, [note]);
  await ctx.durableExecute(decline, [text]).catch(() => {});
  await ctx.durableExecute(unknown, [text], { reconciler: async () => text });
  if (fails) await ctx.durableExecute(decline, [text]);
  return text;
});

/** Runs one order that succeeds and one that fails, and looks for their secret in all that was stored. */
async function findsSecret(codec: Codec): Promise<boolean> {
  const secret = `s-${randomUUID().slice(0, 18)}`;
  await using worker = closing(await harness.worker({ actions: [passesOn], codec }));
  const client = harness.client({ codec, errors: { Declined } });
  const runs = await client.enqueueMany(
    order,
    [false, true].map((fails) => ({ input: { note: secret, fails } })),
  );
  const [good, bad] = await Promise.allSettled(runs.map((run) => run.result()));
  await worker.close();

  expect(good).toEqual({ status: "fulfilled", value: secret });
  expect(bad).toMatchObject({ reason: { message: `declined ${secret}`, card: secret } });
  return (await everythingStored(harness.redis(), harness.server.dir)).includes(secret);
}

function closing<W extends { close(): Promise<void> }>(worker: W): W & AsyncDisposable {
  return Object.assign(worker, { [Symbol.asyncDispose]: () => worker.close() });
}

describe("what a run holds", () => {
  test("is found in Redis without encryption", async () => {
    expect(await findsSecret(msgpackCodec)).toBe(true);
  });

  test("is nowhere in Redis with it: no key, no file, no job of BullMQ's", async () => {
    expect(await findsSecret(first)).toBe(false);
  });

  test("is kept out of the queue by every codec that does not say that it is plaintext", async () => {
    const hidden: Codec = {
      encode: (value) => msgpackCodec.encode(value).map((byte) => byte ^ 0x55),
      decode: (bytes) => msgpackCodec.decode(bytes.map((byte) => byte ^ 0x55)),
    };

    expect(await findsSecret(hidden)).toBe(false);
  });
});

test("a run goes on after its key is no longer the primary one", async () => {
  const client = harness.client({ codec: first });
  const run = await client.enqueue(order, { note: "s", fails: false });
  await harness.worker({ actions: [passesOn], codec: rotated });

  const result = await harness.client({ codec: rotated }).run(order, run.runId).result();

  expect(result).toBe("s");
  await expect(run.result()).rejects.toThrow(/under key "second", which this process does not/);
});

test("a worker without the key hands a run back and says why, and one that has it finishes the run", async () => {
  const client = harness.client({ codec: rotated });
  const run = await harness.client({ codec: first }).enqueue(order, { note: "s", fails: false });
  const without = await harness.worker({ actions: [passesOn], codec: second });

  const { error } = await without.event("fenced");
  await without.close();
  const status = await run.status();
  await harness.worker({ actions: [passesOn], codec: rotated });

  expect(error.message).toMatch(/input cannot be read: .*key "first".*it has second/);
  expect(status).not.toBe("FAILED");
  expect(await client.run(order, run.runId).result({ timeoutMs: 20_000 })).toBe("s");
});

test("F18 an input that was moved from another run reaches no action, and ends its run only as a poison run", async () => {
  const redis = harness.redis();
  const shard = new ShardKeys(harness.namespace, 0);
  const client = harness.client({ codec: first });
  const [mine, theirs] = await client.enqueueMany(
    order,
    ["mine", "theirs"].map((note) => ({ input: { note, fails: false } })),
  );
  const input = await redis.hgetBuffer(shard.of(mine?.runId ?? "").run, "input");
  await redis.hset(shard.of(theirs?.runId ?? "").run, { input: input ?? "" });
  await harness.worker({ actions: [passesOn], codec: first, poisonAfter: 1 });

  const [good, bad] = await Promise.allSettled([mine?.result(), theirs?.result()]);

  expect(good).toMatchObject({ value: "mine" });
  const reason: unknown = bad.status === "rejected" ? bad.reason : undefined;
  expect(reason).toBeInstanceOf(PoisonRunError);
  expect(reason).toMatchObject({ message: expect.stringContaining("altered or moved here") });
  expect((await theirs?.state())?.callResults).toEqual([]);
});

test("F18 a call's outcome that was replaced is never shown to the action", async () => {
  const seen: string[] = [];
  const shipping = gate();
  const pay = durable("pay", async (_cents: number) => `receipt ${randomUUID()}`);
  const ship = durable("ship", () => shipping.opened);
  const buy = defineAction<string, string>({ name: "buy" });
  const implementation = buy.implement(async (ctx, id) => {
    seen.push(`${id}: ${await ctx.durableExecute(pay, [100])}`);
    await ctx.durableExecute(ship);
    return id;
  });
  const redis = harness.redis();
  const shard = new ShardKeys(harness.namespace, 0);
  const client = harness.client({ codec: first });
  const options = { actions: [implementation], codec: first, drainTimeoutMs: 1 };
  const worker = await harness.worker(options);
  const [a, b] = await client.enqueueMany(buy, [{ input: "a" }, { input: "b" }]);
  await eventually(() => expect(seen).toHaveLength(2));
  await worker.close();
  const calls = (runId = "") => shard.of(runId).calls;
  const ofA = await redis.hgetBuffer(calls(a?.runId), "0");

  await redis.hset(calls(b?.runId), "0", ofA ?? "");
  const next = await harness.worker(options);
  const fenced = await next.event("fenced", ({ runId }) => runId === b?.runId);
  shipping.open();

  expect(fenced.error.message).toMatch(/slot 0: the recorded outcome of pay cannot be read/);
  expect(await a?.result()).toBe("a");
  expect(seen.map((line) => line.slice(0, 2)).toSorted()).toEqual(["a:", "a:", "b:"]);
});
