import { describe, expect, test } from "vitest";
import { type ErrorClasses, observedError, reviveError } from "../src/decisions/error-payload.ts";
import { TerminalError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds, storable } from "./property.ts";
import { somewhere } from "./support/somewhere.ts";

class CardDeclined extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`declined: ${reason}`);
    this.reason = reason;
  }
}

function observe(thrown: unknown, classes: ErrorClasses = {}): { first: Error; replayed: Error } {
  const { bytes, error } = observedError(thrown, msgpackCodec, somewhere, classes);
  return { first: error, replayed: reviveError(bytes, msgpackCodec, somewhere, classes) };
}

/** Everything of an error that code could branch on. */
function viewOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    prototype: Object.getPrototypeOf(error),
    name: error.name,
    message: error.message,
    fields: Object.entries(error).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    cause: viewOf(error.cause),
    errors: error instanceof AggregateError ? error.errors.map(viewOf) : undefined,
  };
}

describe("the very same error object is seen when a replay gives an equal one", () => {
  test.for<[string, Error]>([
    ["a plain Error", new Error("x")],
    ["a frozen Error", Object.freeze(new Error("x"))],
    ["a built-in class", new RangeError("x", { cause: new TypeError("y") })],
    ["a system error", Object.assign(new Error("x"), { code: "ENOENT", errno: -2, path: "/a" })],
    [
      "fields of many types",
      Object.assign(new Error("x"), { at: new Date(1), m: new Map([[1, 2n]]) }),
    ],
    ["Refrain's own", new TerminalError("x")],
    ["an AggregateError", new AggregateError([new Error("a"), "b"], "all")],
    ["a registered class", new CardDeclined("no funds")],
    ["a cause that is data", new Error("x", { cause: { status: 4 } })],
  ])("%s", ([, error]) => {
    expect(observe(error, { CardDeclined }).first).toBe(error);
  });
});

describe("the replayed form is seen at once when the original has more", () => {
  class Money {
    readonly cents = 5;
  }

  test.for<[string, Error]>([
    ["a class nobody registered", new CardDeclined("no funds")],
    ["a field that cannot be stored", Object.assign(new Error("x"), { retry: () => 1 })],
    ["a field with a class instance", Object.assign(new Error("x"), { price: new Money() })],
    ["a field with an Error", Object.assign(new Error("x"), { inner: new Error("y") })],
    ["a symbol key", Object.assign(new Error("x"), { [Symbol("s")]: 1 })],
    ["a message that is cut", new Error("x".repeat(10_000))],
    ["a cause of an unregistered class", new Error("x", { cause: new CardDeclined("y") })],
    ["too many causes", new AggregateError(Array.from({ length: 100 }, () => new Error("x")))],
    ["a DOMException", new DOMException("gone", "AbortError")],
    [
      "a field that is not enumerable",
      Object.defineProperty(new Error("x"), "isFinal", { value: true }),
    ],
    ["a code that is not enumerable", Object.defineProperty(new Error("x"), "code", { value: 1 })],
    ["a message that is no text", Object.assign(new Error("x"), { message: null })],
  ])("%s", ([, error]) => {
    const { first, replayed } = observe(error);

    expect(first).not.toBe(error);
    expect(viewOf(first)).toStrictEqual(viewOf(replayed));
  });

  test("with the stack of the original, which is still known", () => {
    const error = new CardDeclined("no funds");

    expect(observe(error).first.stack).toBe(error.stack);
  });
});

describe("F26 whatever is thrown is seen as a proper Error, the same on every attempt", () => {
  const fail = (): never => {
    throw new Error("trap");
  };
  const traps: ProxyHandler<object> = {
    get: fail,
    getPrototypeOf: fail,
    ownKeys: fail,
    has: fail,
    getOwnPropertyDescriptor: fail,
    isExtensible: fail,
  };
  const unreadable = new Error("x");
  for (const key of ["stack", "name", "message", "code", "cause", "field"]) {
    Object.defineProperty(unreadable, key, { get: fail, enumerable: true });
  }
  const cyclic: Record<string, unknown> = { message: "cyclic" };
  cyclic["self"] = cyclic;

  const notAnError = (what: string): string => `Error: ${what} was thrown, which is not an Error`;

  // Made inside the test: vitest looks into what it is given, and some of these bite.
  test.for<[string, () => unknown, string]>([
    ["undefined", () => undefined, notAnError("undefined")],
    ["null", () => null, notAnError("null")],
    ["a number", () => 42, notAnError("42")],
    ["a bigint", () => 42n, notAnError("42n")],
    ["a boolean", () => false, notAnError("false")],
    ["a symbol", () => Symbol("s"), notAnError("Symbol(s)")],
    ["a function", () => () => 1, notAnError("a function")],
    ["a text", () => "x", "Error: x"],
    ["an empty text", () => "", notAnError("an empty string")],
    ["{}", () => ({}), notAnError("an object")],
    [
      "an object like an error",
      () => ({ name: "ApiError", message: "no", code: 4 }),
      "ApiError: no",
    ],
    ["an object that contains itself", () => cyclic, "Error: cyclic"],
    ["a bare object", () => Object.create(null), notAnError("an object")],
    ["a frozen Error", () => Object.freeze(new TypeError("x")), "TypeError: x"],
    ["an Error without prototype", () => Object.setPrototypeOf(new Error("x"), null), "Error: x"],
    ["an Error that cannot be read", () => unreadable, "Error"],
    ["a proxy that throws on every trap", () => new Proxy({}, traps), notAnError("an object")],
    ["a harmless proxy", () => new Proxy(new TypeError("x"), {}), "TypeError: x"],
    [
      "an object behind a proxy",
      () => Object.create(new Proxy({}, traps)),
      notAnError("an object"),
    ],
  ])("%s", ([, make, text]) => {
    const { first, replayed } = observe(make());

    expect(first).toBeInstanceOf(Error);
    expect(String(first)).toBe(text);
    expect(viewOf(first)).toStrictEqual(viewOf(replayed));
  });

  test("an object keeps what it said as the cause", () => {
    const { replayed } = observe({ message: "no", detail: { field: "name" } });

    expect(replayed.cause).toEqual({ message: "no", detail: { field: "name" } });
  });
});

test("first run and replay see alike, whatever the fields", () => {
  holds(storable, (field) => {
    const { first, replayed } = observe(Object.assign(new Error("x", { cause: field }), { field }));

    expect(viewOf(first)).toStrictEqual(viewOf(replayed));
  });
});
