import { type CallPlace, type Codec, type Place, SerializationError } from "@refrain/core";
import { describe, expect, it } from "vitest";

const call: CallPlace = { slot: 3, functionId: "payments.charge", argsDigest: "0123456789abcdef" };
const run = { action: "place-order", runId: "order-1" };

const PLACES: readonly Place[] = [
  { kind: "input", ...run, call: undefined },
  { kind: "output", ...run, call: undefined },
  { kind: "error", ...run, call: undefined },
  { kind: "result", ...run, call },
  { kind: "error", ...run, call },
];

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  undefined,
  "false and true": [false, true],
  numbers: [0, 1.5, -1, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY],
  bigints: [0n, 2n ** 64n, -(2n ** 3000n)],
  texts: ["", "é", "\u0000", "x".repeat(70_000)],
  "plain data": { list: [1, { deep: null }], undefinedField: undefined },
  "fields called like members of Object": { constructor: 1, hasOwnProperty: 2, toJSON: 3 },
  dates: [new Date(0), new Date(Number.NaN)],
  "Map and Set": new Map<unknown, unknown>([["a", new Set([1, null])]]),
  bytes: [Buffer.from("ab"), Uint8Array.of(1, 255), new Uint8Array(0)],
  "typed arrays": [Float64Array.of(0.1), BigInt64Array.of(-1n), Int16Array.of(-2)],
  "a large value": Array.from({ length: 30 }, () => "x".repeat(10_000)),
};

/** The one suite that every codec passes: the promises of `Codec`. Call it at the top level of a vitest file. */
export function describeCodec(name: string, codec: Codec): void {
  describe(name, () => {
    for (const [what, value] of Object.entries(VALUES)) {
      it(`gives ${what} back as it was, at every place`, () => {
        for (const place of PLACES) {
          expect(codec.decode(codec.encode(value, place), place)).toStrictEqual(value);
        }
      });
    }

    it("reads what it wrote, in a process of the same settings, for as long as it is kept", () => {
      const written = PLACES.map((place) => codec.encode({ at: place.kind }, place));

      for (let index = 0; index < 1000; index += 1) codec.encode({ index }, PLACES[0] as Place);

      const read = PLACES.map((place, at) => codec.decode(copied(written[at]), place));
      expect(read).toEqual(PLACES.map((place) => ({ at: place.kind })));
    });

    it("keeps no reference to the bytes it reads, and leaves them as they were", () => {
      const [place] = PLACES as [Place];
      const bytes = codec.encode({ inner: Buffer.from("secret") }, place);
      const before = copied(bytes);

      const value = codec.decode(bytes, place) as { inner: Buffer };
      const after = copied(bytes);
      bytes.fill(0);

      expect(after).toEqual(before);
      expect(value.inner.toString()).toBe("secret");
    });

    it("throws a SerializationError at what no codec can store", () => {
      const [place] = PLACES as [Place];

      expect(() => codec.encode(Symbol("x"), place)).toThrow(SerializationError);
      expect(codec.decode(codec.encode("next", place), place)).toBe("next");
    });

    it("F18 reads bytes that were cut or altered as a value, or throws a SerializationError", () => {
      for (const place of PLACES) {
        const whole = codec.encode({ text: "some text", list: [1, 2, 3] }, place);
        for (let at = 0; at < whole.length; at += 1) {
          const cut = whole.subarray(0, at);
          const changed = flipped(whole, at);
          expect(isOrderly(() => codec.decode(cut, place))).toBe(true);
          expect(isOrderly(() => codec.decode(changed, place))).toBe(true);
        }
      }
    });

    it("knows itself in each namespace", () => {
      const [place] = PLACES as [Place];
      const there = codec.forNamespace?.("other") ?? codec;

      expect(there.decode(there.encode("value", place), place)).toBe("value");
      expect(there.isPlaintext).toBe(codec.isPlaintext);
    });
  });
}

function copied(bytes: Uint8Array | undefined): Uint8Array {
  return Uint8Array.from(bytes ?? []);
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 0x10 : byte));
}

/** Whether it gives a value or refuses as it should. */
function isOrderly(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    return error instanceof SerializationError;
  }
}
