import { inspect, types } from "node:util";

/**
 * Makes a proper Error of whatever was thrown. An Error comes back as it is, frozen or not. Anything else becomes the
 * `message` of a new Error: a string its text, an error-like object its message, name and code; objects are kept as
 * `cause`. A proxy is never passed on, because any look at it may throw.
 */
export function normaliseThrown(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  if (typeof thrown === "string" && thrown !== "") return new Error(thrown);
  if (typeof thrown !== "object" || thrown === null) return new Error(nonErrorMessage(thrown));
  const message = readSafely(thrown, "message");
  const name = readSafely(thrown, "name");
  const code = readSafely(thrown, "code");
  const options = types.isProxy(thrown) ? {} : { cause: thrown };
  const isErrorLike = typeof message === "string" && message !== "";
  const error = new Error(isErrorLike ? message : nonErrorMessage(thrown), options);
  if (typeof name === "string" && name !== "") defineHidden(error, "name", name);
  return isErrorCode(code) ? Object.assign(error, { code }) : error;
}

/** Whether it is an Error that may be handled as one: proxies are not, they could throw at any time. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** `instanceof` for what may be a proxy whose traps throw; false then. */
export function isInstance<T>(
  value: unknown,
  errorClass: abstract new (...args: never) => T,
): value is T {
  try {
    return value instanceof errorClass;
  } catch {
    return false;
  }
}

/** Whether something thrown is one of Refrain's own errors, or of another copy of Refrain in this process. */
export function hasCode(thrown: unknown, code: string): boolean {
  return typeof thrown === "object" && thrown !== null && readSafely(thrown, "code") === code;
}

/** What `code` of an Error may be; everything else is an ordinary field. */
export function isErrorCode(code: unknown): code is string | number {
  return typeof code === "string" || typeof code === "number";
}

/** Reads a field that may be a getter which throws; undefined then. */
export function readSafely(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

/** Own enumerable string keys; none when even asking throws. */
export function keysSafely(value: object): readonly string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

/** Defines a field the way built-in errors have theirs: not enumerable, so that logs do not print it twice. */
export function defineHidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

function nonErrorMessage(thrown: unknown): string {
  return `${kindOf(thrown)} was thrown, which is not an Error`;
}

function kindOf(thrown: unknown): string {
  if (thrown === "") return "an empty string";
  if (typeof thrown === "function") return "a function";
  return typeof thrown === "object" && thrown !== null ? "an object" : inspect(thrown);
}
