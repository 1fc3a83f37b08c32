import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { toEncodable } from "../src/words/encodable.ts";
import { SerializationError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds, storable } from "./property.ts";

function prepare(value: unknown): ReturnType<typeof toEncodable> {
  return toEncodable(value, { label: "result" });
}

class Money {
  readonly cents: number;
  readonly currency = "EUR";
  #secret = "hidden";

  constructor(cents: number) {
    this.cents = cents;
  }
  get euros(): number {
    return this.cents / 100;
  }
  reveal(): string {
    return this.#secret;
  }
}

describe("values that need no change", () => {
  test("come back as the very same object", () => {
    const value = {
      id: "a",
      list: [1, null, undefined, 2n, Number.NaN],
      at: new Date(),
      map: new Map([[{ k: 1 }, new Set([1])]]),
      bytes: [Buffer.of(1), Uint8Array.of(1), Float64Array.of(1), new ArrayBuffer(1)],
      pattern: /x/,
      bare: Object.create(null) as object,
    };

    expect(prepare(value)).toEqual({ value, instances: [] });
    expect(prepare(value).value).toBe(value);
  });

  test("are recognised however deep and wide they are", () => {
    let deep: unknown = "end";
    for (let level = 0; level < 900; level += 1) deep = { deep };
    const wide = Array.from({ length: 200_000 }, (_, index) => [index]);

    expect(prepare(deep).value).toBe(deep);
    expect(prepare(wide).value).toBe(wide);
  });

  test("include one object in two places", () => {
    const shared = { a: 1 };
    const value = [shared, { shared }, new Map([[shared, shared]])];

    expect(prepare(value).value).toBe(value);
  });

  test("are all storable values", () => {
    holds(storable, (value) => {
      expect(prepare(value).value).toBe(value);
    });
  });
});

describe("F20 what cannot be stored is refused with its place", () => {
  const self: Record<string, unknown> = {};
  self["list"] = [self];
  const tree: { children: unknown[] } = { children: [] };
  tree.children = Array.from({ length: 1000 }, () => ({ parent: tree }));
  const twins = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner, inner], 1);

  test.for<[string, unknown, RegExp]>([
    ["a function", () => 1, /^result: function; only data can be stored$/],
    [
      "a function inside",
      { items: [0, 1, 2, { onClick() {} }] },
      /^result\.items\[3\]\.onClick: function/,
    ],
    ["a class", { Money }, /^result\.Money: function/],
    ["a symbol", ["a", Symbol("b")], /^result\[1\]: symbol/],
    ["a boxed symbol", [new Object(Symbol("b"))], /^result\[0\]: symbol/],
    ["a cycle", self, /^result\.list\[0\]: cycle; this object contains itself$/],
    ["a cycle with many branches", tree, /^result\.children\[0\]\.parent: cycle/],
    ["a function as Map value", new Map([["a b", () => 1]]), /^result\.values\(\)\[0\]: function/],
    ["a function as Map key", new Map([[() => 1, 1]]), /^result\.keys\(\)\[0\]: function/],
    ["a function in a Set", { s: new Set([() => 1]) }, /^result\.s\.values\(\)\[0\]: function/],
    ["a function under an odd key", { "a-b": () => 1 }, /^result\["a-b"\]: function/],
    ["a promise", { p: Promise.resolve(1) }, /^result\.p: a promise .* await/],
    ["a WeakMap", [new WeakMap()], /^result\[0\]: a weak reference/],
    ["a WeakRef", [new WeakRef({})], /^result\[0\]: a weak reference/],
    ["shared memory", { m: new SharedArrayBuffer(1) }, /^result\.m: shared memory/],
    ["a generator", [(function* () {})()], /^result\[0\]: a generator/],
    [
      "a getter that throws",
      {
        a: {
          get b() {
            throw new Error("no");
          },
        },
      },
      /^result\.a: it cannot be read/,
    ],
    [
      "a toJSON that throws",
      [
        new (class Bad {
          toJSON() {
            throw new Error("no");
          }
        })(),
      ],
      /^result\[0\]: it cannot be read/,
    ],
    [
      "a key the codec needs for itself",
      { a: { __keys__: 1 } },
      /^result\.a: a field called "__keys__"/,
    ],
    ["more than fits anywhere", twins, /more than 5000000 members/],
  ])("%s", ([, value, message]) => {
    expect(() => prepare(value)).toThrow(
      expect.objectContaining({
        code: "SERIALIZATION",
        message: expect.stringMatching(message),
      }),
    );
  });

  test("a value nested too deep, before the stack runs out", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];

    expect(() => prepare(deep)).toThrow(/\[0\]: nested deeper than 1000$/);
  });

  test("a proxy that throws on every trap", () => {
    const fail = (): never => {
      throw new Error("trap");
    };
    const proxy: unknown = new Proxy({}, { getPrototypeOf: fail, ownKeys: fail, get: fail });

    expect(() => prepare({ proxy })).toThrow(SerializationError);
  });

  test("the reason is kept as cause", () => {
    const reason = new Error("no");
    const value = {
      get a(): never {
        throw reason;
      },
    };

    expect(() => prepare(value)).toThrow(expect.objectContaining({ cause: reason }));
  });
});

describe("class instances", () => {
  test("FA-SD-13 become their own enumerable fields, and are reported once per class", () => {
    const value = { prices: [new Money(100), new Money(200)], at: new Date(0) };

    const { value: stored, instances } = prepare(value);

    expect(stored).toStrictEqual({
      prices: [
        { cents: 100, currency: "EUR" },
        { cents: 200, currency: "EUR" },
      ],
      at: new Date(0),
    });
    expect(instances).toEqual([{ className: "Money", path: "result.prices[0]" }]);
  });

  test("leave the value itself as it was", () => {
    const price = new Money(100);
    const value = { price, other: [1] };

    const stored = prepare(value).value as typeof value;

    expect(value.price).toBe(price);
    expect(stored.other).toBe(value.other);
  });

  test("become what their toJSON gives", () => {
    const { value, instances } = prepare({ url: new URL("http://example.com/a") });

    expect(value).toEqual({ url: "http://example.com/a" });
    expect(instances).toEqual([{ className: "URL", path: "result.url" }]);
  });

  test("of subclasses of built-ins become the built-in", () => {
    class Prices extends Map<string, number> {}
    class Names extends Set<string> {}
    class Moment extends Date {}
    class Bytes extends Uint8Array {}
    class List extends Array<number> {}

    const { value, instances } = prepare([
      new Prices([["a", 1]]),
      new Names(["a"]),
      new Moment(5),
      Bytes.of(1, 2),
      List.of(1, 2),
    ]);

    expect(value).toStrictEqual([
      new Map([["a", 1]]),
      new Set(["a"]),
      new Date(5),
      Uint8Array.of(1, 2),
      [1, 2],
    ]);
    expect(instances.map(({ className }) => className)).toEqual([
      "Prices",
      "Names",
      "Moment",
      "Bytes",
      "List",
    ]);
  });

  test("inside Maps and Sets are found too", () => {
    const { value } = prepare(new Map([["a", new Set([new Money(1)])]]));

    expect(value).toStrictEqual(new Map([["a", new Set([{ cents: 1, currency: "EUR" }])]]));
  });
});

test("a lone surrogate in a text or a key becomes U+FFFD", () => {
  const { value } = prepare({ text: ["a\uD800b", "fine \u{1F600}"], "k\uDC00": 1 });

  expect(value).toStrictEqual({ text: ["a\uFFFDb", "fine \u{1F600}"], "k\uFFFD": 1 });
  expect(msgpackCodec.decode(msgpackCodec.encode(value))).toStrictEqual(value);
});

test("boxed primitives become primitives", () => {
  const { value } = prepare([new Number(1), new String("a"), new Boolean(false), new Object(1n)]);

  expect(value).toEqual([1, "a", false, 1n]);
});

test("an Error as a value becomes its name, message, code and fields, without what cannot be stored", () => {
  const error = Object.assign(new TypeError("broken"), { code: "E_X", status: 4, socket: () => 1 });

  const { value, instances } = prepare({ error });

  expect(value).toStrictEqual({
    error: { name: "TypeError", message: "broken", code: "E_X", status: 4 },
  });
  expect(instances).toEqual([{ className: "TypeError", path: "result.error" }]);
});

test("a __proto__ key from parsed JSON is left out, and changes no prototype", () => {
  const hostile: unknown = JSON.parse('{"a":1,"__proto__":{"admin":true}}');

  const { value } = prepare(hostile);

  expect(value).toStrictEqual({ a: 1 });
  expect(Reflect.get(value as object, "admin")).toBeUndefined();
});

test("values of another realm are stored like our own", () => {
  const foreign: unknown = runInNewContext(
    "({ list: [1], map: new Map([[1, 2]]), at: new Date(5), bytes: new Uint8Array([1]) })",
  );

  const { value, instances } = prepare(foreign);

  expect(msgpackCodec.decode(msgpackCodec.encode(value))).toStrictEqual({
    list: [1],
    map: new Map([[1, 2]]),
    at: new Date(5),
    bytes: Uint8Array.of(1),
  });
  expect(instances).toEqual([]);
});

test("whatever was prepared is what the codec gives back", () => {
  const { value } = prepare({
    money: new Money(5),
    list: [new Date(1), new Map([[1, new Money(2)]])],
  });

  expect(msgpackCodec.decode(msgpackCodec.encode(value))).toStrictEqual(value);
});
