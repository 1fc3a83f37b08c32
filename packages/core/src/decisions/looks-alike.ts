import { isDeepStrictEqual } from "node:util";
import { isError, keysSafely, readSafely } from "../words/thrown.ts";
import { isAggregate } from "./stored-error.ts";

/** Whether code that handles an error could tell the two apart. Their stacks play no part. */
export function looksAlike(a: unknown, b: unknown): boolean {
  try {
    if (!isError(a) || !isError(b)) return isDeepStrictEqual(a, b);
    return (
      Object.getPrototypeOf(a) === Object.getPrototypeOf(b) &&
      a.name === b.name &&
      a.message === b.message &&
      readSafely(a, "code") === readSafely(b, "code") &&
      haveEqualFields(a, b) &&
      !hasHiddenFields(a) &&
      looksAlike(a.cause, b.cause) &&
      (!isAggregate(a) || haveEqualErrors(readSafely(a, "errors"), readSafely(b, "errors")))
    );
  } catch {
    return false;
  }
}

const PARTS_COMPARED_ALREADY = new Set(["name", "message", "stack", "cause"]);

function haveEqualFields(a: Error, b: Error): boolean {
  // No stored form has symbol keys.
  const hasSymbols = Object.getOwnPropertySymbols(a).some((key) =>
    Object.prototype.propertyIsEnumerable.call(a, key),
  );
  return !hasSymbols && isDeepStrictEqual(fieldsOf(a), fieldsOf(b));
}

const HIDDEN_BY_NATURE = new Set([...PARTS_COMPARED_ALREADY, "code", "errors"]);

/** Fields that are not enumerable are not stored: code that reads one could tell. */
function hasHiddenFields(error: Error): boolean {
  return Object.getOwnPropertyNames(error).some(
    (key) => !HIDDEN_BY_NATURE.has(key) && !Object.prototype.propertyIsEnumerable.call(error, key),
  );
}

function fieldsOf(error: Error): object {
  const keys = keysSafely(error).filter((key) => !PARTS_COMPARED_ALREADY.has(key));
  return new Map(keys.map((key) => [key, readSafely(error, key)]));
}

function haveEqualErrors(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((error: unknown, index) => looksAlike(error, b[index]));
}
