import { expect, test } from "vitest";
import { encodeError, reviveError } from "../src/decisions/error-payload.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { somewhere } from "./support/somewhere.ts";

function replay(thrown: unknown): Error {
  return reviveError(encodeError(thrown, msgpackCodec, somewhere), msgpackCodec, somewhere);
}

class CardDeclined extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`declined: ${reason}`);
    this.reason = reason;
  }
}

test("FA-SER-02 an error keeps its type and message", () => {
  const error = replay(new RangeError("out of range"));

  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe("out of range");
});

test.for([
  new TypeError("value"),
  new RangeError("runtime"),
  new SyntaxError("type"),
  new ReferenceError("key"),
  new URIError("attribute"),
  new EvalError("eval"),
  new Error(`generic with "double" and 'single' quotes`),
])("FA-SER-03 type and text are kept: %s", (original) => {
  const error = replay(original);

  expect(Object.getPrototypeOf(error)).toBe(Object.getPrototypeOf(original));
  expect(String(error)).toBe(String(original));
});

test("FA-SER-04 an error's extra fields are kept", () => {
  const original = Object.assign(new Error("failed"), {
    code: 500,
    details: { field: "name", at: new Date(5) },
    "odd-key": [1n],
  });

  const error = replay(original);

  expect(error).toMatchObject({ code: 500, details: original.details, "odd-key": [1n] });
  expect(Object.keys(error).toSorted()).toEqual(["code", "details", "odd-key"]);
});

test("FA-SER-05 type, type name and text of a common error are kept", () => {
  const error = replay(new TypeError("common"));

  expect([error.constructor, error.name, error.message]).toEqual([
    TypeError,
    "TypeError",
    "common",
  ]);
});

test.for([
  [null, "null"],
  [undefined, ""],
  [5, "5"],
] as const)("FA-SER-06 an error whose message is %s can be stored", ([message, text]) => {
  const error = replay(Object.assign(new Error("x"), { message }));

  expect([error.name, error.message]).toEqual(["Error", text]);
});

test("FA-SER-10 a null message fails in neither direction, and the class name is there", () => {
  const error = replay(Object.assign(new CardDeclined("x"), { message: null }));

  expect(error.name).toBe("CardDeclined");
});

test("FA-SER-07 a stored error is plain data with name and message", () => {
  const bytes = encodeError(new CardDeclined("no funds"), msgpackCodec, somewhere, {
    CardDeclined,
  });

  expect(msgpackCodec.decode(bytes)).toEqual({
    type: "CardDeclined",
    name: "Error",
    message: "declined: no funds",
    fields: { reason: "no funds" },
  });
});

test("FA-SER-08 a replayed error says its class and its message", () => {
  expect(String(replay(new CardDeclined("no funds")))).toBe("CardDeclined: declined: no funds");
});

test.for(["plain", 'with "quotes"', "", "line\nbreak", "ünïcödé \u{1F600}"])(
  "FA-SER-09 class name and message are kept: %j",
  (message) => {
    const error = replay(new TypeError(message));

    expect([error.name, error.message]).toEqual(["TypeError", message]);
  },
);

test("FA-OBS-13 the chain of causes is kept", () => {
  const root = Object.assign(new TypeError("root"), { code: "E_ROOT" });
  const error = replay(new Error("top", { cause: new RangeError("middle", { cause: root }) }));

  const middle = error.cause as Error;
  expect(middle).toBeInstanceOf(RangeError);
  expect(middle.message).toBe("middle");
  expect(middle.cause).toBeInstanceOf(TypeError);
  expect(middle.cause).toMatchObject({ message: "root", code: "E_ROOT" });
});

test.for([["text"], [{ status: 4 }], [null], [0]])(
  "a cause that is no Error is kept: %j",
  ([cause]) => {
    expect(replay(new Error("x", { cause })).cause).toStrictEqual(cause);
  },
);

test("causes are kept five deep", () => {
  let original = new Error("0");
  for (let level = 1; level <= 9; level += 1) original = new Error(`${level}`, { cause: original });

  const messages: string[] = [];
  let error: unknown = replay(original);
  while (error instanceof Error) {
    messages.push(error.message);
    error = error.cause;
  }

  expect(messages).toEqual(["9", "8", "7", "6", "5", "4"]);
});

test("a cause that leads back to its error ends there", () => {
  const a = new Error("a");
  a.cause = new Error("b", { cause: a });

  const error = replay(a);

  expect(error.cause).toMatchObject({ message: "b" });
  expect((error.cause as Error).cause).toBeUndefined();
});

test("AggregateError keeps its errors, a bounded number of them", () => {
  const few = replay(new AggregateError([new TypeError("a"), "b"], "all failed")) as AggregateError;
  const many = replay(
    new AggregateError(Array.from({ length: 1000 }, (_, index) => new Error(`${index}`))),
  ) as AggregateError;

  expect(few).toBeInstanceOf(AggregateError);
  expect(few.message).toBe("all failed");
  expect(few.errors).toEqual([new TypeError("a"), "b"]);
  expect(Object.keys(few)).toEqual([]);
  expect(many.errors).toHaveLength(31);
});

test("aggregates of aggregates do not multiply", () => {
  const nest = (depth: number): Error =>
    depth === 0
      ? new Error("leaf")
      : new AggregateError(Array.from({ length: 30 }, () => nest(depth - 1)));

  expect(encodeError(nest(3), msgpackCodec, somewhere).byteLength).toBeLessThan(10_000);
});

test("a system error keeps what tells it from others", () => {
  const original = Object.assign(new Error("connect ECONNREFUSED"), {
    errno: -111,
    code: "ECONNREFUSED",
    syscall: "connect",
  });

  expect(replay(original)).toMatchObject({ errno: -111, code: "ECONNREFUSED", syscall: "connect" });
});

test("a revived error's stack is short and says that the real one is not stored", () => {
  expect(replay(new TypeError("x")).stack).toBe("TypeError: x\n    (the stack was not stored)");
});
