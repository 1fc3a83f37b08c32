import { inspect } from "node:util";
import {
  type AesGcmCodecOptions,
  aesGcmCodec,
  type Codec,
  codecOf,
  msgpackCodec,
  NewerFormatError,
  type Place,
  SerializationError,
} from "@refrain/core";
import { expect, test } from "vitest";
import { thrownBy } from "./thrown-by.ts";

const first = Buffer.alloc(32, "first key ");
const second = Buffer.alloc(32, "second key ");
const codec = aesGcmCodec({ keys: { first }, primaryKeyId: "first" });

const call = { slot: 1, functionId: "charge", argsDigest: "0011223344556677" };
const place: Place = { kind: "result", action: "place-order", runId: "order-1", call };
const written = codecOf("shop", codec).encode({ iban: "DE02" }, place);

test("what is stored is e1, the key's id, a nonce, a tag and as many bytes as the inner codec wrote", () => {
  const plain = msgpackCodec.encode({ iban: "DE02" });

  expect(written.subarray(0, 8)).toEqual(Buffer.from("e1\u0005first"));
  expect(written.length).toBe(plain.length + 8 + 12 + 16);
  expect(Buffer.from(written).includes("DE02")).toBe(false);
});

test("two encodings of one value have nothing in common", () => {
  const again = codecOf("shop", codec).encode({ iban: "DE02" }, place);

  expect(again.subarray(8, 20)).not.toEqual(written.subarray(8, 20));
  expect(again.subarray(36)).not.toEqual(written.subarray(36));
});

test.for<[string, Partial<Place>]>([
  ["another kind", { kind: "error" }],
  ["another run", { runId: "order-2" }],
  ["another action", { action: "refund-order" }],
  ["another slot", { call: { ...call, slot: 2 } }],
  ["another function", { call: { ...call, functionId: "refund" } }],
  ["other arguments", { call: { ...call, argsDigest: "ffffffffffffffff" } }],
  ["the run itself", { call: undefined }],
])("a value that was moved to %s is refused, and the message says which place", ([, other]) => {
  const there = { ...place, ...other };

  const error = thrownBy(() => codecOf("shop", codec).decode(written, there));

  expect(error).toBeInstanceOf(SerializationError);
  expect(error).toMatchObject({ message: expect.stringContaining(`run ${there.runId}`) });
  expect(error).toMatchObject({ message: expect.stringContaining("altered or moved") });
});

test("a value of another namespace is refused", () => {
  expect(() => codecOf("staging", codec).decode(written, place)).toThrow(/altered or moved/);
  expect(() => codec.decode(written, place)).toThrow(/altered or moved/);
});

test("names that run into each other are two places", () => {
  const odd = codec.encode(1, { ...place, action: 'a","b', runId: "c" });

  expect(() => codec.decode(odd, { ...place, action: "a", runId: 'b","c' })).toThrow(
    SerializationError,
  );
});

test("F18 a value with any bit flipped is refused", () => {
  const shop = codecOf("shop", codec);
  for (let bit = 0; bit < written.length * 8; bit += 1) {
    const changed = Uint8Array.from(written);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));

    expect(thrownBy(() => shop.decode(changed, place))).toBeInstanceOf(SerializationError);
  }
  expect(shop.decode(written, place)).toEqual({ iban: "DE02" });
});

test("F18 a value that was cut anywhere is refused, as is one whose tag was cut to 4 bytes", () => {
  const shop = codecOf("shop", codec);
  for (let length = 0; length < written.length; length += 1) {
    const cut = written.subarray(0, length);
    expect(thrownBy(() => shop.decode(cut, place))).toBeInstanceOf(SerializationError);
  }
  const shortTag = Buffer.concat([written.subarray(0, 24), written.subarray(36)]);
  expect(thrownBy(() => shop.decode(shortTag, place))).toBeInstanceOf(SerializationError);
});

test("plain bytes in place of encrypted ones are refused", () => {
  const forged = msgpackCodec.encode({ iban: "of the thief" });

  expect(() => codecOf("shop", codec).decode(forged, place)).toThrow(
    /run order-1, slot 1: the stored result is not encrypted, and requireEncrypted is on/,
  );
});

test("an envelope of a newer format is left to newer releases", () => {
  const newer = Buffer.concat([Buffer.from("e2"), written.subarray(2)]);

  expect(() => codec.decode(newer, place)).toThrow(NewerFormatError);
});

test("without requireEncrypted, values of before are read, and all that is written is encrypted", () => {
  const moving = aesGcmCodec({ keys: { first }, primaryKeyId: "first", requireEncrypted: false });

  const before = moving.decode(msgpackCodec.encode("of before"), place);
  const after = moving.encode("of now", place);

  expect(before).toBe("of before");
  expect(codec.decode(after, place)).toBe("of now");
});

test("after a rotation, values under the old key are read, and new ones are written under the new key", () => {
  const rotated = aesGcmCodec({ keys: { first, second }, primaryKeyId: "second" });
  const old = codec.encode("old", place);

  const fresh = rotated.encode("fresh", place);

  expect(rotated.decode(old, place)).toBe("old");
  expect(fresh.subarray(0, 9)).toEqual(Buffer.from("e1\u0006second"));
  expect(rotated.decode(fresh, place)).toBe("fresh");
});

test("a key that is missing is named, with those that are there", () => {
  const rotated = aesGcmCodec({ keys: { second }, primaryKeyId: "second" });

  const error = thrownBy(() => rotated.decode(codec.encode("old", place), place));

  const message =
    'run order-1, slot 1: the stored result is encrypted under key "first", which this process does not have; it has second. Add it to the codec\'s keys';
  expect(error).toMatchObject({ code: "SERIALIZATION", message });
});

test("another key under the same id is refused", () => {
  const other = aesGcmCodec({ keys: { first: second }, primaryKeyId: "first" });

  expect(() => other.decode(codec.encode(1, place), place)).toThrow(
    /or the key under that id is another one/,
  );
});

test("a key may be bytes or their base64", () => {
  const text = aesGcmCodec({ keys: { first: first.toString("base64") }, primaryKeyId: "first" });
  const url = aesGcmCodec({ keys: { first: first.toString("base64url") }, primaryKeyId: "first" });

  expect(text.decode(codec.encode("value", place), place)).toBe("value");
  expect(url.decode(codec.encode("value", place), place)).toBe("value");
});

const hex = first.toString("hex");

test.for<[string, object, RegExp]>([
  ["no keys", { keys: {} }, /keys must be an object of at least one key/],
  ["keys that are none", { keys: undefined }, /keys must be an object/],
  ["a short key", { keys: { k: Buffer.alloc(16) } }, /keys\.k must be 32 random bytes.*16 bytes/],
  ["hex", { keys: { k: hex } }, /openssl rand -base64 32.*found a text of 64 characters/],
  ["a number", { keys: { k: 7 } }, /found a number/],
  ["a bad id", { keys: { "a b": first } }, /the id of a key must be.*"a b" is not/],
  ["an unknown primary", { primaryKeyId: "2" }, /primaryKeyId must be .*\(first\), not "2"/],
  ["no primary", { primaryKeyId: undefined }, /primaryKeyId must be .*not undefined/],
  ["a word for true", { requireEncrypted: "no" }, /requireEncrypted must be true or false/],
  ["an unknown option", { primary: "first" }, /unknown option "primary"/],
])("%s is a TypeError that shows no key", ([, given, message]) => {
  const options = { keys: { first }, primaryKeyId: "first", ...given } as AesGcmCodecOptions;

  const error = thrownBy(() => aesGcmCodec(options));

  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
  expect(String(error)).not.toContain(hex);
});

test("no print of the codec shows a key", () => {
  const shown = [codec, codecOf("shop", codec)].map((each) =>
    [inspect(each, { depth: 9, showHidden: true }), JSON.stringify(each)].join(),
  );

  expect(shown.join()).not.toMatch(/first key|66697273|Zmlyc3/);
});

test("a codec beneath it sees plain values, and its namespace", () => {
  const seen: unknown[] = [];
  const inner = (namespace: string): Codec => ({
    encode: (value, at) => {
      seen.push([namespace, value, at.runId]);
      return msgpackCodec.encode(value);
    },
    decode: (bytes) => msgpackCodec.decode(bytes),
    forNamespace: inner,
  });

  const outer = aesGcmCodec({ keys: { first }, primaryKeyId: "first", codec: inner("") });
  codecOf("shop", outer).encode("value", place);

  expect(seen).toEqual([["shop", "value", "order-1"]]);
});
