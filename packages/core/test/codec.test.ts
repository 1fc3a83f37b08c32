import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SerializationError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds, storable } from "./property.ts";
import { thrownBy } from "./thrown-by.ts";

function roundTrip(value: unknown): unknown {
  return msgpackCodec.decode(msgpackCodec.encode(value));
}

test("FA-SER-01 a map with string, number and list comes back equal", () => {
  const value = { text: "a", number: 1.5, list: [1, "b", null] };

  expect(roundTrip(value)).toStrictEqual(value);
});

test.for([
  ["null", null],
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["the infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["large and tiny numbers", [2 ** 53, -(2 ** 53), 2 ** 32, 1e300, 5e-324, 0.1]],
  ["bigints within 64 bits", [0n, 10n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n]],
  ["bigints beyond 64 bits", [2n ** 64n, -(2n ** 70n), 2n ** 3000n, -(2n ** 70_000n)]],
  ["dates", [new Date(0), new Date(-1), new Date(1.5e12 + 7), new Date(8.64e15)]],
  ["an invalid date", new Date(Number.NaN)],
  [
    "a Map with any keys",
    new Map<unknown, unknown>([
      ["a", 1],
      [{ b: 1 }, [2]],
      [Number.NaN, 3],
    ]),
  ],
  ["a Set", new Set(["a", 1, null])],
  ["a RegExp", /a+\/b/giu],
  ["empty things", [{}, [], "", new Map(), new Set(), new Uint8Array(0), new ArrayBuffer(0)]],
  ["undefined fields", { a: undefined, b: [undefined] }],
  ["fields called like members of Object", { constructor: 5, hasOwnProperty: 1, toJSON: 2 }],
  ["fields called prototype", { prototype: { polluted: true } }],
  ["a long text", "é".repeat(70_000)],
  ["an ArrayBuffer", Uint8Array.of(1, 2, 3).buffer],
  ["a DataView", new DataView(Uint8Array.of(1, 2, 3).buffer)],
] as const)("%s: survives", ([, value]) => {
  expect(roundTrip(value)).toStrictEqual(value);
});

test("FA-OBS-02 null and undefined stay apart", () => {
  expect([roundTrip(null), roundTrip(undefined)]).toEqual([null, undefined]);
});

test("FA-SD-10 bytes stay bytes, and a Buffer stays a Buffer", () => {
  const bytes = Uint8Array.of(1, 2, 255);

  expect(roundTrip(bytes)).toStrictEqual(bytes);
  expect(roundTrip(Buffer.from(bytes))).toStrictEqual(Buffer.from(bytes));
  expect(Buffer.isBuffer(roundTrip(bytes))).toBe(false);
});

test("FA-SD-11 a 64-bit integer stays one, and is not narrowed to a number", () => {
  expect(roundTrip(10n)).toBe(10n);
  expect(roundTrip(2n ** 62n + 1n)).toBe(2n ** 62n + 1n);
});

test.for([
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
])("FA-SD-12 a nested %o keeps its type", (TypedArray) => {
  const value = new Map([["list", [{ deep: TypedArray.of(1, 2, 3) }]]]);

  expect(roundTrip(value)).toStrictEqual(value);
});

test("FA-SD-12 nested bigint arrays keep their type", () => {
  const value = { list: [BigInt64Array.of(-1n), BigUint64Array.of(2n ** 64n - 1n)] };

  expect(roundTrip(value)).toStrictEqual(value);
});

test("FA-SD-14 a null field stays null", () => {
  expect(roundTrip({ field: null })).toStrictEqual({ field: null });
});

test("what does not survive is what the codec says", () => {
  const shared = { a: 1 };
  const bare: unknown = Object.assign(Object.create(null), { a: 1 });
  // oxlint-disable-next-line eslint/no-sparse-arrays -- holes are the subject
  const sparse = [1, , 3];

  expect(roundTrip(-0)).toBe(0);
  expect(roundTrip(sparse)).toStrictEqual([1, undefined, 3]);
  expect(roundTrip(bare)).toStrictEqual({ a: 1 });
  expect(roundTrip([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }]);
});

test("many shapes of objects in one value survive", () => {
  const value = Array.from({ length: 300 }, (_, index) => ({ [`key${index % 150}`]: index, x: 1 }));

  expect(roundTrip(value)).toStrictEqual(value);
});

test("encoded bytes belong to the caller: later encodes leave them alone", () => {
  const first = msgpackCodec.encode({ text: "first" });
  const copy = Uint8Array.from(first);

  for (let index = 0; index < 1000; index += 1) msgpackCodec.encode({ text: "later", index });

  expect(Uint8Array.from(first)).toEqual(copy);
});

test.for([10, 20_000])(
  "decoded bytes are copies, and the input is left alone: %d bytes",
  (size) => {
    const encoded = msgpackCodec.encode({ bytes: Buffer.alloc(size, 7) });
    const own = Reflect.ownKeys(encoded).length;

    const decoded = msgpackCodec.decode(encoded) as { bytes: Buffer };
    encoded.fill(0);
    msgpackCodec.decode(msgpackCodec.encode({ bytes: Buffer.alloc(size, 9) }));

    expect(decoded.bytes.equals(Buffer.alloc(size, 7))).toBe(true);
    expect(Reflect.ownKeys(encoded)).toHaveLength(own);
  },
);

test("every storable value comes back as it was", () => {
  holds(storable, (value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });
});

test("a value that was not prepared is refused, never half written", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);

  expect(() => msgpackCodec.encode({ s: Symbol("x") })).toThrow(SerializationError);
  expect(() => msgpackCodec.encode(cycle)).toThrow(SerializationError);
  expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
});

test.for([
  ["no bytes", "", /found nothing/],
  ["another version", "02c0", /found version 2/],
  ["a version alone", "01", /nothing follows/],
  ["a cut array", "0193", /cannot be decoded/],
  ["a list of 4 thousand million", "01ddffffffff", /cannot be decoded/],
  ["a text of 4 thousand million bytes", "01dbffffffff", /cannot be decoded/],
  ["more than one value", "01c0c0", /cannot be decoded/],
  ["an unknown extension", "01d40500", /cannot be decoded/],
  ["a reference to another part", "01d67000000001", /cannot be decoded/],
  ["the byte that means nothing", "01c1", /cannot be decoded: it holds the byte C1/],
  ["the same in a list", "0191c1", /holds the byte C1/],
  ["the same in an object", "0181a161c1", /holds the byte C1/],
  ["the same in a Set", "01d4730091c1", /holds the byte C1/],
  ["a value that contains itself", "0192d6690000000191d67000000001c0", /cannot be decoded/],
] as const)("F18 %s: a SerializationError", ([, hex, message]) => {
  expect(() => msgpackCodec.decode(Buffer.from(hex, "hex"))).toThrow(
    expect.objectContaining({ code: "SERIALIZATION", message: expect.stringMatching(message) }),
  );
});

test("the byte that means nothing may be part of a value", () => {
  const value = {
    bytes: Buffer.of(0xc1),
    number: 0xc1,
    list: [new Map([["c1", new Set([0xc1])]])],
  };

  expect(roundTrip(value)).toStrictEqual(value);
});

test("F18 a hundred thousand levels are a SerializationError, and the codec goes on working", () => {
  const deep = Buffer.concat([Buffer.of(1), Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)]);

  expect(() => msgpackCodec.decode(deep)).toThrow(SerializationError);
  expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
});

test("a refusal shows nothing of what was stored, and keeps no cause that does", () => {
  const bytes = Buffer.concat([msgpackCodec.encode({ iban: "DE02 1203" }), Buffer.of(0xc0)]);

  const error = thrownBy(() => msgpackCodec.decode(bytes));

  expect(error).toBeInstanceOf(SerializationError);
  expect(inspect(error)).not.toContain("DE02");
});

test("F18 keys from outside never change a prototype", () => {
  const keys = ["__proto__", "constructor", "prototype"];
  const record = Buffer.concat([
    Buffer.of(1, 0xd4, 0x72, 0x40, 0x93),
    ...keys.map((key) => Buffer.concat([Buffer.of(0xa0 | key.length), Buffer.from(key)])),
    ...keys.map(() => Buffer.of(0xd4, 0x72, 0x41, 0x91, 0xa1, 0x78, 0x01)),
  ]);

  const decoded = msgpackCodec.decode(record) as object;

  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  expect(Object.keys(decoded)).toEqual(["__proto_", "constructor", "prototype"]);
  expect(Reflect.get({}, "x")).toBeUndefined();
});

test("F18 hostile bytes give a value or a SerializationError, nothing else", () => {
  const anyBytes = fc.uint8Array({ maxLength: 200 });
  const damaged = fc
    .tuple(storable, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
    .map(([value, changes]) => {
      const bytes = msgpackCodec.encode(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
  const before = Reflect.ownKeys(Object.prototype).length;

  holds(fc.oneof(anyBytes, damaged), (bytes) => {
    bytes[0] = 1;
    const error = thrownBy(() => msgpackCodec.decode(bytes));

    expect(error === undefined || error instanceof SerializationError).toBe(true);
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
  });
  expect(roundTrip({ a: [1, new Map([["b", 2]])] })).toEqual({ a: [1, new Map([["b", 2]])] });
});
