import type { CallIdentity, CallOccurrence } from "./call-identity.ts";
import { SerializationError } from "./errors.ts";

/** A call that a person reopened: which of its run's calls, and how often. */
export interface ReopenedCall extends CallIdentity, CallOccurrence {}

/**
 * The stored form of a run's reopened calls: JSON, `[[functionId, argsDigest, earlier, reopened], …]`. They are kept beside
 * the journal, because a clear takes calls out of that, and their idempotency keys must outlive it.
 */
export function encodeReopened(calls: readonly ReopenedCall[]): string {
  if (calls.length === 0) return "";
  return JSON.stringify(
    calls.map(({ functionId, argsDigest, earlier, reopened }) => [
      functionId,
      argsDigest,
      earlier,
      reopened,
    ]),
  );
}

/** @throws SerializationError when the text is not what {@link encodeReopened} gives. */
export function decodeReopened(text: string): readonly ReopenedCall[] {
  if (text === "") return [];
  const list = parsed(text);
  if (!Array.isArray(list)) throw unreadable();
  return list.map(readOne);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function readOne(entry: unknown): ReopenedCall {
  if (!Array.isArray(entry)) throw unreadable();
  const [functionId, argsDigest, earlier, reopened] = entry as readonly unknown[];
  if (typeof functionId !== "string" || typeof argsDigest !== "string") throw unreadable();
  if (!isCount(earlier) || !isCount(reopened)) throw unreadable();
  return { functionId, argsDigest, earlier, reopened };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unreadable(cause?: unknown): SerializationError {
  return new SerializationError(
    "the stored list of reopened calls cannot be read. It was damaged, or written by another release",
    cause === undefined ? undefined : { cause },
  );
}
