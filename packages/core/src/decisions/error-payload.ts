import type { Codec } from "../words/codec.ts";
import type { Place } from "../words/place.ts";
import { normaliseThrown, readSafely } from "../words/thrown.ts";
import { type ErrorClasses, errorRegistry } from "./error-registry.ts";
import { looksAlike } from "./looks-alike.ts";
import { revivedError } from "./revived-error.ts";
import { type StoredCause, type StoredError, storedError } from "./stored-error.ts";

export type { ErrorClasses } from "./error-registry.ts";

/** What an encoded error takes at most: its large fields give way first, then all fields, then its causes. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_FIELD_BYTES = 4 * 1024;

const NO_CLASSES: ErrorClasses = {};

/**
 * Encodes whatever was thrown, as what {@link reviveError} reads: name, message (8 KiB at most), code, the chain of causes
 * (5 deep), `AggregateError.errors`, and own enumerable fields.
 *
 * It never fails because of the error: a field that cannot be stored is left out. From an error over 64 KiB, fields over 4 KiB are
 * left out, then all fields, then the causes.
 */
export function encodeError(
  thrown: unknown,
  codec: Codec,
  place: Place,
  classes: ErrorClasses = NO_CLASSES,
): Uint8Array {
  const encode = (value: unknown): Uint8Array => codec.encode(value, place);
  const stored = storedError(normaliseThrown(thrown), errorRegistry(classes));
  const bytes =
    encodeWithin(stored, encode) ??
    encodeWithin(withFieldsUpTo(MAX_FIELD_BYTES, stored, encode), encode) ??
    encodeWithin(withFieldsUpTo(0, stored, encode), encode);
  return bytes ?? encode(withoutCauses(withFieldsUpTo(0, stored, encode)));
}

/**
 * Reads an error back: as its class when that is built in, Refrain's or one of `classes`, else as an Error of that name.
 *
 * @throws SerializationError when the bytes hold no error.
 */
export function reviveError(
  bytes: Uint8Array,
  codec: Codec,
  place: Place,
  classes: ErrorClasses = NO_CLASSES,
): Error {
  return revivedError(codec.decode(bytes, place), errorRegistry(classes));
}

export interface ObservedError {
  readonly bytes: Uint8Array;
  /** What the action sees. */
  readonly error: Error;
}

/**
 * Encodes what was thrown, and says what the action sees of it on the first run: the very same error object when a replay
 * gives an equal one, else the replayed one, with the stack of the original. So the first run and each replay take the
 * same branches.
 */
export function observedError(
  thrown: unknown,
  codec: Codec,
  place: Place,
  classes: ErrorClasses,
): ObservedError {
  const original = normaliseThrown(thrown);
  const bytes = encodeError(original, codec, place, classes);
  const revived = reviveError(bytes, codec, place, classes);
  if (looksAlike(original, revived)) return { bytes, error: original };
  const stack = readSafely(original, "stack");
  if (typeof stack === "string") revived.stack = stack;
  return { bytes, error: revived };
}

type Encode = (value: unknown) => Uint8Array;

function encodeWithin(stored: StoredError, encode: Encode): Uint8Array | undefined {
  try {
    const bytes = encode(stored);
    return bytes.byteLength <= MAX_ERROR_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The same error with only those fields, of it and of its causes, that take at most `maxBytes` each. */
function withFieldsUpTo(maxBytes: number, stored: StoredError, encode: Encode): StoredError {
  const { fields, cause, errors, ...rest } = stored;
  const shorten = (inner: StoredCause): StoredCause =>
    "error" in inner
      ? { error: withFieldsUpTo(maxBytes, inner.error, encode) }
      : { value: fits(inner.value, maxBytes, encode) ? inner.value : undefined };
  const kept = Object.entries(fields ?? {}).filter(([, field]) => fits(field, maxBytes, encode));
  return {
    ...rest,
    fields: Object.fromEntries(kept),
    ...(cause && { cause: shorten(cause) }),
    ...(errors && { errors: errors.map(shorten) }),
  };
}

function fits(value: unknown, maxBytes: number, encode: Encode): boolean {
  try {
    return maxBytes > 0 && encode(value).byteLength <= maxBytes;
  } catch {
    return false;
  }
}

function withoutCauses(stored: StoredError): StoredError {
  const { cause: _, errors: __, ...rest } = stored;
  return rest;
}
