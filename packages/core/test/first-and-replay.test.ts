import { types } from "node:util";
import { type DurableContext, defineAction, durable } from "@refrain/core";
import { describe, expect, test } from "vitest";
import { crashAfter } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";

const action = defineAction<null, unknown>({ name: "act" });

class Money {
  readonly cents = 100;
  get euros(): number {
    return this.cents / 100;
  }
}

interface Attempts {
  /** What each of two attempts saw. */
  readonly seen: readonly unknown[];
  readonly ran: number;
}

/** One call, seen by an attempt that dies after it and by the one that replays it. */
async function seenTwice(fn: () => unknown): Promise<Attempts> {
  const drive = new Drive();
  const seen: unknown[] = [];
  let ran = 0;
  const call = durable("call", async () => {
    ran += 1;
    return fn();
  });
  const handler = async (ctx: DurableContext): Promise<void> => {
    await ctx.durableExecute(call).then(
      (value: unknown) => seen.push({ value }),
      (error: unknown) => seen.push({ error: errorView(error) }),
    );
  };
  await drive.create(action);
  await crashAfter(drive, action, handler);
  await (await drive.attempt(action.implement(handler))).done;
  return { seen, ran };
}

/** What code that handles an error can tell of it. */
function errorView(error: unknown): unknown {
  if (!types.isNativeError(error)) return { notAnError: typeof error };
  const { name, message, cause } = error;
  const type = Object.getPrototypeOf(error) as unknown;
  const inner = cause === undefined ? undefined : errorView(cause);
  return {
    type,
    name,
    message,
    code: Reflect.get(error, "code"),
    inner,
    fields: Object.entries(error),
  };
}

describe("F20 the first attempt sees a result as every replay does (S4), and fn runs once", () => {
  // Made inside the test: vitest looks into what it is given.
  test.for<[string, () => unknown, unknown]>([
    ["undefined", () => undefined, undefined],
    ["null", () => null, null],
    ["NaN", () => Number.NaN, Number.NaN],
    ["-0", () => -0, 0],
    ["a bigint", () => 2n ** 80n, 2n ** 80n],
    ["a lone surrogate", () => "\uD800", "\uFFFD"],
    ["a Date", () => new Date(5), new Date(5)],
    ["a Map", () => new Map([[{ a: 1 }, new Set([1])]]), new Map([[{ a: 1 }, new Set([1])]])],
    ["bytes", () => Buffer.from("ab"), Buffer.from("ab")],
    ["an undefined field", () => ({ a: undefined }), { a: undefined }],
    ["a hole", () => Object.assign([1], { length: 2 }), [1, undefined]],
    ["a class instance", () => new Money(), { cents: 100 }],
    ["a toJSON", () => ({ at: new URL("http://x/") }), { at: "http://x/" }],
    ["an Error as a value", () => new RangeError("x"), { name: "RangeError", message: "x" }],
    ["a __proto__ field", () => JSON.parse('{"__proto__":{"admin":true}}'), {}],
    ["a boxed text", () => new String("x"), "x"],
    ["a named property of an array", () => Object.assign([1], { total: 1 }), [1]],
    ["a symbol key", () => ({ [Symbol("s")]: 1, a: 1 }), { a: 1 }],
    ["one object twice", () => [Money, Money].map(() => ({})), [{}, {}]],
    ["a frozen object", () => Object.freeze({ a: 1 }), { a: 1 }],
    ["a bare object", () => Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])("%s", async ([, make, value]) => {
    const { seen, ran } = await seenTwice(make);

    expect(seen).toStrictEqual([{ value }, { value }]);
    expect(ran).toBe(1);
  });

  test.for<[string, () => unknown, RegExp]>([
    ["a function", () => () => 1, /result: function/],
    ["a symbol", () => Symbol("s"), /result: symbol/],
    ["a class", () => ({ Money }), /result\.Money: function/],
    ["a cycle", () => cycle(), /result\.list\[0\]: cycle/],
    ["a promise inside", () => ({ p: Promise.resolve() }), /result\.p: a promise/],
    ["a WeakMap", () => new WeakMap(), /result: a weak reference/],
    ["shared memory", () => new SharedArrayBuffer(1), /result: shared memory/],
    ["a proxy that throws", () => ({ p: trapped() }), /result\.p/],
    ["the field __keys__", () => ({ __keys__: 1 }), /__keys__/],
  ])("%s: a recorded SerializationError that names the place", async ([, make, message]) => {
    const { seen, ran } = await seenTwice(make);

    const error = expect.objectContaining({
      code: "SERIALIZATION",
      message: expect.stringMatching(message),
    });
    expect(seen).toEqual([{ error }, { error }]);
    expect(seen[0]).toStrictEqual(seen[1]);
    expect(ran).toBe(1);
  });
});

function cycle(): object {
  const list: unknown[] = [];
  const value = { list };
  list.push(value);
  return value;
}

function trapped(): object {
  const fail = (): never => {
    throw new Error("trap");
  };
  return new Proxy({}, { get: fail, getPrototypeOf: fail, ownKeys: fail });
}

/** Things that people throw, and some that bite. Made inside the test. */
const ODDITIES: readonly (readonly [string, () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a text", () => "x"],
  ["a number", () => 42],
  ["a bigint", () => 42n],
  ["a symbol", () => Symbol("s")],
  ["a function", () => () => 1],
  ["{}", () => ({})],
  ["an object like an error", () => ({ name: "ApiError", message: "no", code: 4 })],
  ["a frozen Error", () => Object.freeze(new TypeError("x"))],
  ["a proxy", () => trapped()],
  ["an Error with a cycle of causes", () => selfCaused()],
  ["an Error with fields", () => Object.assign(new RangeError("x"), { status: 502, fn: () => 1 })],
  ["an AggregateError", () => new AggregateError([new Error("a"), "b", undefined], "all")],
  ["an Error without prototype", () => Object.setPrototypeOf(new Error("x"), null)],
  ["an Error with a message that is none", () => Object.assign(new Error("x"), { message: null })],
  ["a DOMException", () => new DOMException("gone", "AbortError")],
];

function selfCaused(): Error {
  const error = new Error("x");
  error.cause = new Error("y", { cause: error });
  return error;
}

describe("F26 the first attempt sees what a call throws as every replay does (S4)", () => {
  test.for(ODDITIES)("%s", async ([, make]) => {
    const { seen, ran } = await seenTwice(() => {
      throw make();
    });

    expect(seen).toHaveLength(2);
    expect(seen[0]).toStrictEqual(seen[1]);
    expect(seen[0]).toHaveProperty("error.message");
    expect(ran).toBe(1);
  });
});

describe("F26 a run whose action throws it ends FAILED, with an error that can be read", () => {
  test.for(ODDITIES)("%s", async ([, make]) => {
    const drive = new Drive();
    await drive.create(action);

    const attempt = await drive.attempt(
      action.implement(() => {
        throw make();
      }),
    );

    expect(await attempt.done).toEqual({ kind: "settled", status: "FAILED" });
    expect(await drive.outcome()).toMatchObject({
      name: expect.any(String),
      message: expect.any(String),
    });
  });
});
