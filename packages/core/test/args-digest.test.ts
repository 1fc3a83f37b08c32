import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { argsDigest } from "../src/words/args-digest.ts";
import { canonicalForm } from "../src/words/canonical-form.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds, storable } from "./property.ts";

test("FA-DIG-01 the same arguments twice give the same digest", () => {
  expect(argsDigest(["a", { x: 1, y: 2 }])).toBe(argsDigest(["a", { y: 2, x: 1 }]));
});

test("FA-DIG-02 one argument that differs gives another digest", () => {
  expect(argsDigest(["a", 1])).not.toBe(argsDigest(["a", 2]));
});

test("FA-DIG-03 no arguments have a digest, of exactly 16 characters", () => {
  expect(argsDigest([])).toMatch(/^[0-9a-f]{16}$/);
});

test("FA-DIG-04 nested maps and lists, digested twice, give the same digest", () => {
  const make = (): unknown[] => [{ a: [1, { b: new Map([["c", [new Set([1, 2])]]]) }] }, [[]]];

  expect(argsDigest(make())).toBe(argsDigest(make()));
});

test("FA-DIG-05 same values in another order give another digest", () => {
  expect(argsDigest([1, 2])).not.toBe(argsDigest([2, 1]));
});

test("FA-DIG-06 a named and a plain argument differ", () => {
  expect(argsDigest([1, { y: 2 }])).not.toBe(argsDigest([1, 2]));
});

test("digests never change between releases, or every run under way would diverge", () => {
  expect(argsDigest([])).toBe("221b10174cf5e751");
  expect(argsDigest(["order-1", 1200, { express: true, tags: ["a"] }])).toBe("19de7d399b67ae4f");
  expect(canonicalForm(["é\u{1F600}", -0, 5n, new Date(5), /a/g], "args")).toBe(
    "a5[s3:é\u{1F600}d-0;i5;D5;Rs1:as1:g",
  );
});

test("what a function could tell apart has digests of its own", () => {
  const values: unknown[] = [
    1,
    "1",
    1n,
    true,
    false,
    null,
    undefined,
    Number.NaN,
    0,
    -0,
    "",
    "null",
    [],
    {},
    [[]],
    [undefined],
    [null],
    { a: undefined },
    { a: null },
    { 1: 2 },
    new Map([[1, 2]]),
    new Map([["1", 2]]),
    new Set([1, 2]),
    new Set(),
    new Map(),
    new Date(1),
    new Date(Number.NaN),
    "1970-01-01T00:00:00.001Z",
    /a/,
    /a/g,
    Uint8Array.of(1),
    Buffer.of(1),
    Int8Array.of(1),
    Uint8Array.of(1).buffer,
    new DataView(Uint8Array.of(1).buffer),
    Uint8Array.of(1, 0),
    Uint16Array.of(1),
    "\uD800",
    "\uD801",
    "\uFFFD",
    "\u{10000}",
  ];

  const digests = values.map((value) => argsDigest([value]));

  expect(new Set(digests).size).toBe(values.length);
});

test("what is equal as data has one digest", () => {
  const bare: unknown = Object.assign(Object.create(null), { a: 1 });

  expect(argsDigest([bare])).toBe(argsDigest([{ a: 1 }]));
  expect(argsDigest([new Set([1, "a"])])).toBe(argsDigest([new Set(["a", 1])]));
  expect(
    argsDigest([
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    ]),
  ).toBe(
    argsDigest([
      new Map([
        ["b", 2],
        ["a", 1],
      ]),
    ]),
  );
  expect(argsDigest([new Uint8Array([9, 1, 9]).subarray(1, 2)])).toBe(
    argsDigest([Uint8Array.of(1)]),
  );
});

test("values of another realm have the digest of our own, as under Jest", () => {
  const source = "({ list: [1], map: new Map([[1, new Set([2])]]), at: new Date(5), re: /a/g })";
  const foreign: unknown = runInNewContext(source);
  const own = { list: [1], map: new Map([[1, new Set([2])]]), at: new Date(5), re: /a/g };

  expect(argsDigest([foreign])).toBe(argsDigest([own]));
  expect(() => argsDigest([runInNewContext("new (class A extends Map {})()")])).toThrow(
    "args[0] is an instance of A;",
  );
});

test("one object in two places is no cycle", () => {
  const shared = { a: 1 };

  expect(argsDigest([shared, [shared]])).toBe(argsDigest([{ a: 1 }, [{ a: 1 }]]));
});

describe("F20 arguments without a canonical form are refused with their place", () => {
  class Money {
    readonly cents = 1;
  }
  class Anything extends Map {}
  const self: unknown[] = [];
  self.push({ self });

  test.for<[string, unknown, string]>([
    ["a function", { items: [{ fn: () => 1 }] }, "args[1].items[0].fn is a function;"],
    ["a symbol", [Symbol("a")], "args[1][0] is a symbol;"],
    [
      "an array with a name",
      /a/.exec("a"),
      'args[1] is an array with a property of its own, "groups";',
    ],
    [
      "an array with a large number as a name",
      Object.assign([1], { "5000000000": 2 }),
      'args[1] is an array with a property of its own, "5000000000";',
    ],
    [
      "an array with a symbol",
      Object.assign([], { [Symbol("a")]: 1 }),
      "args[1] has a symbol as a key;",
    ],
    ["a symbol as key", { [Symbol("a")]: 1 }, "args[1] has a symbol as a key;"],
    ["a cycle", self, "args[1][0].self is a cycle: it contains itself;"],
    ["a class instance", { price: new Money() }, "args[1].price is an instance of Money;"],
    ["a subclass of a built-in", new Anything(), "args[1] is an instance of Anything;"],
    ["an Error", new Error("x"), "args[1] is an instance of Error;"],
    ["a URL", new URL("http://x/"), "args[1] is an instance of URL;"],
    ["a promise", Promise.resolve(), "args[1] is an instance of Promise;"],
    ["a boxed string", new String("x"), "args[1] is an instance of String;"],
    ["a fake Map", Object.create(Map.prototype), "args[1] is an instance of Map;"],
    ["a function in a Map", new Map([["a", () => 1]]), "args[1].a is a function;"],
    ["an odd key", { "a b": () => 1 }, 'args[1]["a b"] is a function;'],
  ])("%s", ([, value, message]) => {
    expect(() => argsDigest(["first", value])).toThrow(
      expect.objectContaining({
        name: "TypeError",
        message: `${message} durable call arguments need a canonical form: pass plain data (an id, a plain object), or use the form { id, call }, whose closure takes no arguments`,
      }),
    );
  });

  test("nesting without end", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];

    expect(() => argsDigest([deep])).toThrow(/is nested deeper than 500;/);
  });
});

const keysShuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keysShuffled);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) return new Map([...value].toReversed());
  if (value instanceof Set) return new Set([...value].toReversed());
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, keysShuffled(field)]),
  );
};

test("the order of keys, and of entries of Maps and Sets, plays no part", () => {
  holds(storable, (value) => {
    expect(argsDigest([keysShuffled(value)])).toBe(argsDigest([value]));
  });
});

test("two values have one canonical form only if they are equal", () => {
  // Few letters and small numbers, so that equal and nearly equal pairs are frequent.
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: fc.constantFrom("s", "1", ":", "[", "{", ";", "\uD800"), maxLength: 4 }),
      fc.integer({ min: -1, max: 2 }),
      fc.bigInt(-1n, 2n),
      fc.constantFrom(null, undefined, true, false, -0, Number.NaN),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "a1:", ""), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      fc.uint8Array({ maxLength: 2 }),
      fc.array(fc.constantFrom(1, "1", 1n, "s"), { maxLength: 3 }).map((items) => new Set(items)),
      fc.date({ min: new Date(0), max: new Date(2), noInvalidDate: true }),
    ),
  }));

  holds(fc.tuple(value, value), ([a, b]) => {
    expect(canonicalForm(a, "a") === canonicalForm(b, "b")).toBe(isDeepStrictEqual(a, b));
  });
});

test("what was stored and read back has the digest it had", () => {
  holds(storable, (value) => {
    const back = msgpackCodec.decode(msgpackCodec.encode(value));

    expect(argsDigest([back])).toBe(argsDigest([value]));
  });
});
