import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeError, reviveError } from "../src/decisions/error-payload.ts";
import { SerializationError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds, storable } from "./property.ts";
import { somewhere } from "./support/somewhere.ts";
import { thrownBy } from "./thrown-by.ts";

function replay(thrown: unknown): Error {
  return reviveError(encodeError(thrown, msgpackCodec, somewhere), msgpackCodec, somewhere);
}

describe("F20 fields that cannot be stored are left out, the others stay", () => {
  test("functions, symbols, promises and getters that throw", () => {
    const original = Object.assign(new Error("x"), { status: 4, retry: () => 1, tag: Symbol("t") });
    Object.defineProperty(original, "bad", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });

    const error = replay(original);

    expect(Object.entries(error)).toEqual([["status", 4]]);
  });

  test("requests that contain themselves, as HTTP clients hang on their errors", () => {
    const request: Record<string, unknown> = { path: "/", agent: { sockets: [] } };
    request["res"] = { req: request };
    const original = Object.assign(new Error("Request failed with status code 502"), {
      code: "ERR_BAD_RESPONSE",
      status: 502,
      request,
      config: { transform: [() => 1] },
    });

    const error = replay(original);

    expect(new Map(Object.entries(error))).toEqual(
      new Map<string, unknown>([
        ["code", "ERR_BAD_RESPONSE"],
        ["status", 502],
      ]),
    );
  });

  test("the name the codec keeps for itself, which would spoil what it writes from then on", () => {
    const error = replay(Object.assign(new Error("x"), { __keys__: 1, fine: 2 }));

    expect(Object.entries(error)).toEqual([["fine", 2]]);
    expect(msgpackCodec.decode(msgpackCodec.encode([{}, { fine: 1 }]))).toEqual([{}, { fine: 1 }]);
  });

  test("half characters, which become U+FFFD", () => {
    const error = replay(Object.assign(new Error("a\uD800"), { code: "\uDC00", "k\uD800": 1 }));

    expect([error.message, ...Object.entries(error)]).toEqual([
      "a\uFFFD",
      ["code", "\uFFFD"],
      ["k\uFFFD", 1],
    ]);
  });

  test("names that must never be set from data", () => {
    const original = new Error("x");
    for (const key of ["__proto__", "constructor", "prototype", "fine"]) {
      Object.defineProperty(original, key, { value: { admin: true }, enumerable: true });
    }

    const error = replay(original);

    expect(Object.keys(error)).toEqual(["fine"]);
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error.constructor).toBe(Error);
  });
});

describe("F17 a giant error is bounded", () => {
  test("its message is cut to 8 KiB, between characters", () => {
    const { message } = replay(new Error("\u{1F600}".repeat(100_000)));

    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(8192);
    expect(message).toMatch(/^\u{1F600}+… \(cut\)$/u);
    expect(replay(new Error("a".repeat(8192))).message).toHaveLength(8192);
  });

  test("a large field goes, small ones stay", () => {
    const original = Object.assign(new Error("x"), { status: 502, body: "b".repeat(100_000) });

    const bytes = encodeError(original, msgpackCodec, somewhere);

    expect(bytes.byteLength).toBeLessThan(1000);
    expect(Object.entries(reviveError(bytes, msgpackCodec, somewhere))).toEqual([["status", 502]]);
  });

  test("many fields go, the causes stay", () => {
    const fields = Array.from({ length: 5000 }, (_, index) => [`field${index}`, "v".repeat(50)]);
    const original = Object.assign(
      new Error("x", { cause: new Error("y") }),
      Object.fromEntries(fields),
    );

    const error = replay(original);

    expect(Object.keys(error)).toEqual([]);
    expect(error.cause).toMatchObject({ message: "y" });
  });

  test("many long causes go, the error stays", () => {
    const long = Array.from({ length: 30 }, () => new Error("m".repeat(9000)));

    const bytes = encodeError(new AggregateError(long, "all"), msgpackCodec, somewhere);

    expect(bytes.byteLength).toBeLessThan(65_536);
    expect(reviveError(bytes, msgpackCodec, somewhere)).toMatchObject({
      name: "AggregateError",
      message: "all",
    });
  });
});

test.for<[string, unknown]>([
  ["not a stored error", "text"],
  ["a list", [1]],
  ["no message", { name: "Error" }],
  ["a name that is no text", { name: 5, message: "x" }],
])("F18 %s is a SerializationError", ([, stored]) => {
  expect(() => reviveError(msgpackCodec.encode(stored), msgpackCodec, somewhere)).toThrow(
    SerializationError,
  );
});

test("F18 a stored error from outside gets no prototype, no constructor and no stack of its choice", () => {
  const error = reviveError(
    msgpackCodec.encode({
      type: "constructor",
      name: "x",
      message: "y",
      code: { evil: true },
      fields: { constructor: 1, prototype: 2, stack: "fake", message: "z", cause: 3, fine: 4 },
      cause: { error: { type: "__proto__", name: "n", message: "m" } },
      errors: [{ error: 5 }, 6],
    }),
    msgpackCodec,
    somewhere,
  );

  expect(Object.entries(error)).toEqual([["fine", 4]]);
  expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
  expect([error.message, error.stack?.includes("fake")]).toEqual(["y", false]);
  expect(Object.getPrototypeOf(error.cause)).toBe(Error.prototype);
});

test("F18 any stored value gives an Error or a SerializationError, nothing else", () => {
  const shaped = fc.record(
    {
      type: storable,
      name: storable,
      message: storable,
      fields: storable,
      cause: storable,
      errors: storable,
    },
    { requiredKeys: [] },
  );

  holds(fc.oneof(storable, shaped), (stored) => {
    const bytes = msgpackCodec.encode(stored);
    const error = thrownBy(() => {
      throw reviveError(bytes, msgpackCodec, somewhere);
    });

    expect(error).toBeInstanceOf(Error);
  });
});
