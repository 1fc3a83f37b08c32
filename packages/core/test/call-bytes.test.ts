import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCall, encodeCall } from "../src/words/call-bytes.ts";
import {
  type CallResult,
  pendingCall,
  type SettledCall,
  settledCall,
} from "../src/words/call-result.ts";
import { NewerFormatError, SerializationError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { holds } from "./property.ts";
import { thrownBy } from "./thrown-by.ts";

const start = {
  slot: 7,
  functionId: "zahlung.ausführen",
  argsDigest: "0123456789abcdef",
  after: 4,
  startedAt: 1_795_303_005_298,
  earlier: 3,
  reopened: 1,
};
const succeeded: SettledCall = settledCall(start, {
  status: "SUCCEEDED",
  seq: 4_294_967_295,
  tookMs: 1234,
  reconciled: true,
  payload: Buffer.from([1, 2, 3]),
});

function roundTrip(call: CallResult): CallResult {
  return decodeCall(call.slot, encodeCall(call));
}

test("FA-SD-04 a SUCCEEDED and a FAILED call keep all fields and their status", () => {
  const failed = { ...succeeded, status: "FAILED", reconciled: false } as const;

  expect(roundTrip(succeeded)).toEqual(succeeded);
  expect(roundTrip(failed)).toEqual(failed);
});

test("FA-SD-05 a PENDING call stays PENDING, without payload", () => {
  const call = pendingCall(start);

  expect(roundTrip(call)).toEqual(call);
});

test.for([
  ["null", null],
  ["undefined", undefined],
] as const)("FA-SD-08 a call whose result is %s is still SUCCEEDED", ([, result]) => {
  const call = { ...succeeded, payload: msgpackCodec.encode(result) };

  const back = roundTrip(call) as SettledCall;

  expect(back.status).toBe("SUCCEEDED");
  expect(msgpackCodec.decode(back.payload)).toBe(result);
});

test("FA-CR-09 equal calls have equal bytes", () => {
  expect(encodeCall(succeeded)).toEqual(encodeCall({ ...succeeded }));
});

test("a reopened call stays one that had no reconciler", () => {
  const call = pendingCall(start, false);

  expect(encodeCall(call)[2]).toBe(2 | 8);
  expect(roundTrip(call)).toEqual(call);
});

test("a call without digest comes back without one", () => {
  const call = pendingCall({ ...start, argsDigest: "" });

  expect(roundTrip(call)).toEqual(call);
});

test("the layout never changes: other releases and the scripts read it", () => {
  const call = { ...succeeded, functionId: "pay", seq: 258, payload: Uint8Array.of(9) };

  expect(Buffer.from(encodeCall(call)).toString("hex")).toBe(
    [
      "01", // version
      "53", // "S"
      "07", // reconciled, has digest, reconcilable
      "01", // reopened
      "00000102", // seq
      "00000004", // after
      "01a20065dc72", // startedAt
      "000004d2", // tookMs
      "0123456789abcdef",
      "0003", // bytes of the id
      "00000001", // attempt
      "00000003", // earlier
      "706179", // "pay"
      "09",
    ].join(""),
  );
});

test("a script finds the status at the second byte", () => {
  const letters = [pendingCall(start), succeeded, { ...succeeded, status: "FAILED" } as const].map(
    (call) => String.fromCharCode(encodeCall(call)[1] ?? 0),
  );

  expect(letters).toEqual(["P", "S", "F"]);
});

test("numbers from jumping clocks and overflowing counters are kept in range, not refused", () => {
  const numbers = { tookMs: -3, startedAt: 12.6, reopened: 300, earlier: -1, seq: 2 ** 40 };
  const call = { ...succeeded, ...numbers };

  expect(roundTrip({ ...call, after: Number.NaN })).toMatchObject({
    tookMs: 0,
    startedAt: 13,
    reopened: 255,
    earlier: 0,
    seq: 0xffff_ffff,
    after: 0,
  });
});

test("a digest that is no digest is refused when it is written", () => {
  for (const argsDigest of ["xyz", "0123456789abcdeg", "0123456789abcdef00"]) {
    expect(() => encodeCall({ ...succeeded, argsDigest })).toThrow(SerializationError);
  }
});

test.for([
  ["no byte at all", ""],
  ["another version", "20"],
  ["a cut header", "0153"],
  ["an unknown status", `0158${"00".repeat(38)}`],
  ["an unknown flag", `0153f0${"00".repeat(37)}`],
  ["a cut functionId", `0153${"00".repeat(28)}ffff${"00".repeat(8)}`],
] as const)("%s is refused, naming the slot", ([, hex]) => {
  expect(() => decodeCall(7, Buffer.from(hex, "hex"))).toThrow(
    expect.objectContaining({
      code: "SERIALIZATION",
      message: expect.stringMatching(/^slot 7: the stored bytes are not a call: /),
    }),
  );
});

test("every call comes back as it was", () => {
  const uint32 = fc.nat(0xffff_ffff);
  const common = fc.record({
    slot: fc.nat(),
    functionId: fc.string({ unit: "grapheme", minLength: 1 }),
    argsDigest: fc.oneof(
      fc.constant(""),
      fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => Buffer.from(b).toString("hex")),
    ),
    after: uint32,
    startedAt: fc.nat(2 ** 48 - 1),
    attempt: uint32,
    earlier: uint32,
    reopened: fc.nat(255),
  });
  const outcome = fc.record({
    status: fc.constantFrom("SUCCEEDED", "FAILED"),
    seq: uint32,
    tookMs: uint32,
    reconcilable: fc.boolean(),
    reconciled: fc.boolean(),
    payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  });

  holds(fc.tuple(common, fc.option(outcome)), ([begin, end]) => {
    const call = end === null ? pendingCall(begin) : settledCall(begin, end);

    expect(roundTrip(call)).toEqual(call);
  });
});

test.each([
  ["charge", "charge"],
  ["charge", "refund"],
  ["charge", "charge2"],
  ["charge", "charg"],
  ["charge", ""],
  ["ü", "ü"],
  // As many letters as the other has bytes, and each with that byte's number.
  ["ü", "Ã¼"],
  ["Ã¼", "ü"],
])("the functionId %j is read as what it is where %j was likely", (functionId, likely) => {
  const call: CallResult = { ...succeeded, functionId };

  expect(decodeCall(call.slot, encodeCall(call), likely)).toEqual(call);
});

test("F18 hostile bytes give a call or a SerializationError, nothing else", () => {
  const anyBytes = fc.uint8Array({ maxLength: 80 });
  const almostCalls = anyBytes.map((noise) => {
    const bytes = Buffer.from(encodeCall(succeeded));
    for (const [index, byte] of noise.entries()) {
      if (index % 2 === 1) bytes[(noise[index - 1] ?? 0) % bytes.length] = byte;
    }
    return bytes;
  });

  holds(fc.oneof(anyBytes, almostCalls), (bytes) => {
    const error = thrownBy(() => decodeCall(1, bytes));

    expect(error === undefined || error instanceof SerializationError).toBe(true);
  });
});

test.each([2, 31])("a call of format %i is a newer release's, and no damage", (version) => {
  const bytes = Buffer.from(encodeCall(pendingCall(start)));
  bytes[0] = version;

  expect(() => decodeCall(7, bytes)).toThrow(NewerFormatError);
  expect(() => decodeCall(7, bytes)).toThrow(`slot 7: the call is stored in format ${version}`);
});
