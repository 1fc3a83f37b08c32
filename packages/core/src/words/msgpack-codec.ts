import { C1, Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, type UnpackOptions } from "msgpackr";
import { isNewerVersion, NewerFormatError, SerializationError } from "./errors.ts";

/** The first byte of everything this codec writes. */
const VERSION = 1;

// Self-contained messages: shared `structures` would make the second message unreadable in another process. toJSON is
// toEncodable's business; here it would turn data that has such a field into something else.
const packr = new Packr({
  useRecords: true,
  moreTypes: true,
  useToJSON: false,
  copyBuffers: true,
  // Refuses the extensions for object identity: through them hostile bytes could build cycles.
  structuredClone: false,
});
const PACK_MODE = RESERVE_START_SPACE | RESET_BUFFER_MODE | 1;

/** A `Codec` to which all places are alike. */
export interface PlacelessCodec {
  readonly isPlaintext: true;
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/**
 * The default codec: one version byte, then msgpack.
 *
 * What comes back equal: null, undefined, booleans, numbers with NaN and the infinities, bigints of any size, strings,
 * arrays, plain objects, Date (invalid ones too), Map, Set, RegExp, ArrayBuffer, DataView, typed arrays, and Buffer apart from
 * Uint8Array. What does not: -0 becomes 0, a hole in an array becomes undefined, an object without prototype gets the usual
 * one, and one object in two places becomes two equal ones.
 */
export const msgpackCodec: PlacelessCodec = { encode, decode, isPlaintext: true };

function encode(value: unknown): Uint8Array {
  try {
    const packed = packr.pack(value, PACK_MODE);
    packed[0] = VERSION;
    // The packed bytes are a view on memory that the next pack writes over.
    const bytes = Buffer.allocUnsafe(packed.length);
    bytes.set(packed);
    return bytes;
  } catch (cause) {
    throw new SerializationError(`the value cannot be encoded: ${reasonOf(cause)}`, { cause });
  }
}

function decode(bytes: Uint8Array): unknown {
  if (bytes[0] !== VERSION) throw versionError(bytes);
  try {
    const value = unpack(bytes);
    if (mayHoldNoValue(bytes) && holdsNoValue(value)) throw new Error("it holds the byte C1");
    return value;
  } catch (error) {
    // Not as its cause: msgpackr's messages may show the value, and errors end up in logs.
    const reason = reasonOf(error);
    throw new SerializationError(`${bytes.byteLength} stored bytes cannot be decoded: ${reason}`);
  }
}

// msgpackr hangs a DataView on each source it reads. Small sources are copied into one that has it already: that costs less
// than a view of its own, and leaves the caller's bytes as they were.
const scratch = Buffer.alloc(8192);
const range: { start: number; end: number } & UnpackOptions = { start: 1, end: 1 };

function unpack(bytes: Uint8Array): unknown {
  const { length } = bytes;
  if (length < 2) throw new RangeError("nothing follows the version byte");
  range.end = length;
  if (length > scratch.length) {
    return packr.unpack(Buffer.from(bytes.buffer, bytes.byteOffset, length), range);
  }
  scratch.set(bytes);
  return packr.unpack(scratch, range);
}

/** The one byte that stands for nothing in MessagePack: msgpackr reads it as an object of its own, shared by all who meet it. */
const NO_VALUE = 0xc1;

function mayHoldNoValue(bytes: Uint8Array): boolean {
  return Buffer.prototype.indexOf.call(bytes, NO_VALUE) !== -1;
}

function holdsNoValue(value: unknown): boolean {
  if (value === C1) return true;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (value instanceof Map) return [...value].flat(1).some(holdsNoValue);
  const members: unknown[] = value instanceof Set ? [...value] : Object.values(value);
  return members.some(holdsNoValue);
}

function versionError(bytes: Uint8Array): SerializationError {
  const [version] = bytes;
  const found = version === undefined ? "nothing" : `version ${version}`;
  const message = `stored bytes must start with version ${VERSION}, found ${found}: written by a newer release, or by another codec`;
  return isNewerVersion(version, VERSION)
    ? new NewerFormatError(message)
    : new SerializationError(message);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  return error.message
    .replace(/^(Data read, but end of buffer not reached).*/s, "$1")
    .slice(0, 200);
}
