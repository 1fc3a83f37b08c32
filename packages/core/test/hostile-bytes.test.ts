import {
  aesGcmCodec,
  decodeCall,
  encodeCall,
  encodeError,
  msgpackCodec,
  reviveError,
  SerializationError,
  settledCall,
} from "@refrain/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { storable } from "./property.ts";
import { somewhere } from "./support/somewhere.ts";
import { thrownBy } from "./thrown-by.ts";

/** How long each reader is fed; a minute outside CI is REFRAIN_FUZZ_SECONDS=60. */
const SEED = Number(process.env["REFRAIN_FUZZ_SEED"] ?? Date.now() % 1_000_000);
const FUZZ_MS = Number(process.env["REFRAIN_FUZZ_SECONDS"] ?? 1) * 1000;

const encrypting = aesGcmCodec({
  keys: { k: Buffer.alloc(32, 1) },
  primaryKeyId: "k",
  requireEncrypted: false,
});

type Bytes = Uint8Array;

interface Reader {
  readonly read: (bytes: Bytes) => unknown;
  /** Sound bytes, made of a value; what is fed are these with a few changes. */
  readonly write: (value: unknown) => Bytes;
}

const READERS: Readonly<Record<string, Reader>> = {
  msgpackCodec: {
    read: (bytes) => msgpackCodec.decode(bytes),
    write: (value) => msgpackCodec.encode(value),
  },
  aesGcmCodec: {
    read: (bytes) => encrypting.decode(bytes, somewhere),
    write: (value) => encrypting.encode(value, somewhere),
  },
  "stored errors": {
    read: (bytes) => reviveError(bytes, msgpackCodec, somewhere),
    write: (value) =>
      encodeError(
        Object.assign(new Error("x", { cause: value }), { value }),
        msgpackCodec,
        somewhere,
      ),
  },
  "stored calls": {
    read: (bytes) => decodeCall(1, bytes),
    write: (value) => {
      const start = { slot: 1, functionId: "charge", argsDigest: "", after: 0, startedAt: 1 };
      const payload = msgpackCodec.encode(value);
      const outcome = { seq: 0, tookMs: 1, reconciled: false, payload };
      return encodeCall(settledCall(start, { status: "SUCCEEDED", ...outcome }));
    },
  },
};

/** One value's bytes with a few of them changed, put in or cut off; or bytes out of the blue. */
function hostile(sound: Bytes, random: () => number): Bytes {
  const below = (limit: number): number => Math.floor(random() * limit);
  if (below(8) === 0)
    return Uint8Array.from({ length: 1 + below(60) }, (_, at) => (at ? below(256) : 1));
  const bytes = [...sound];
  for (let left = 1 + below(5); left > 0; left -= 1) {
    const at = below(bytes.length + 1);
    if (below(12) === 0) bytes.length = at;
    else bytes.splice(at, below(2), below(256));
  }
  return Uint8Array.from(bytes);
}

test.for(Object.entries(READERS))(
  "F18 whatever bytes %s are given: a value or a SerializationError, and no prototype changes",
  { timeout: 30_000 + FUZZ_MS },
  ([name, { read, write }]) => {
    const random = randomOf(SEED);
    const sound = fc.sample(storable, { numRuns: 300, seed: SEED }).map(write);
    const before = ownKeysOfPrototypes();
    const strange: unknown[] = [];
    let fed = 0;

    for (const end = performance.now() + FUZZ_MS; performance.now() < end || fed < 1000; fed += 1) {
      const bytes = hostile(sound[fed % sound.length] ?? Uint8Array.of(1), random);
      const error = thrownBy(() => read(bytes));
      if (error !== undefined && !(error instanceof SerializationError))
        strange.push([bytes, error]);
    }

    process.stdout.write(`F18: ${name} read ${fed} inputs, seed ${SEED}\n`);
    expect(strange).toEqual([]);
    expect(ownKeysOfPrototypes()).toBe(before);
    expect(thrownBy(() => read(write({ still: ["works"] })))).toBeUndefined();
  },
);

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function ownKeysOfPrototypes(): number {
  const prototypes = [Object, Array, Map, Set, Error, Function, Uint8Array].map(
    ({ prototype }) => Reflect.ownKeys(prototype).length,
  );
  return prototypes.reduce((sum, count) => sum + count, 0);
}

const LONG = "ffffffff";

test.for([
  ["an array", `dd${LONG}`],
  ["an array of 32 million", "dd02000000"],
  ["arrays in arrays", `dd02000000`.repeat(20)],
  ["a map", `df${LONG}`],
  ["a text", `db${LONG}`],
  ["bytes", `c6${LONG}`],
  ["an extension", `c9${LONG}42`],
  ["a bigint", "c8ffff42"],
  ["a record of many names", "d47240dd02000000"],
])("F18 %s that claims to be huge takes no memory", ([, hex]) => {
  const bytes = Buffer.from(`01${hex}`, "hex");
  const before = process.memoryUsage();

  const error = thrownBy(() => msgpackCodec.decode(bytes));

  const after = process.memoryUsage();
  expect(error).toBeInstanceOf(SerializationError);
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(8e6);
});
