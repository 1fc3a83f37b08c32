import { toEncodable } from "../words/encodable.ts";
import { isError, isErrorCode, keysSafely, readSafely } from "../words/thrown.ts";
import { toWellFormed } from "../words/well-formed.ts";
import type { ErrorRegistry } from "./error-registry.ts";

/** What is kept of an error: plain data that any codec can store. */
export interface StoredError {
  /** Key of the registered class it comes back as; absent for Error itself. */
  readonly type?: string;
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  /** Own enumerable fields, those that can be stored. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: StoredCause;
  /** `AggregateError.errors`. */
  readonly errors?: readonly StoredCause[];
}

export type StoredCause = { readonly error: StoredError } | { readonly value: unknown };

/** Fields with a place of their own, one the codec cannot store, and names that must never be set from stored data. */
export const RESERVED_FIELDS: ReadonlySet<string> = new Set([
  "name",
  "message",
  "stack",
  "code",
  "cause",
  "__keys__",
  "__proto__",
  "constructor",
  "prototype",
]);

/** How deep causes are kept beneath the error itself. */
export const MAX_CAUSE_DEPTH = 5;
const MAX_ERRORS = 32;
const MAX_MESSAGE_BYTES = 8 * 1024;
const MAX_NAME_BYTES = 256;

/** Describes an error as data. Never throws: what cannot be read or stored is left out. */
export function storedError(error: Error, registry: ErrorRegistry): StoredError {
  return describe(error, { registry, ancestors: [], left: MAX_ERRORS });
}

interface Walk {
  readonly registry: ErrorRegistry;
  readonly ancestors: Error[];
  /** How many more errors may be described: aggregates of aggregates multiply. */
  left: number;
}

function describe(error: Error, walk: Walk): StoredError {
  const { ancestors } = walk;
  walk.left -= 1;
  ancestors.push(error);
  const type = typeOf(error, walk.registry);
  const code = readSafely(error, "code");
  const fields = storedFields(error);
  const cause = storedCause(readSafely(error, "cause"), walk);
  const errors = isAggregate(error) ? storedErrors(readSafely(error, "errors"), walk) : undefined;
  ancestors.pop();
  return {
    ...(type && { type: type.key }),
    name: capText(nameOf(error, type?.isExact ?? false), MAX_NAME_BYTES),
    message: capText(messageOf(error), MAX_MESSAGE_BYTES),
    ...(isErrorCode(code) && {
      code: typeof code === "string" ? capText(code, MAX_NAME_BYTES) : code,
    }),
    ...(fields && { fields }),
    ...(cause && { cause }),
    ...(errors && { errors }),
  };
}

function typeOf(error: Error, registry: ErrorRegistry): ReturnType<ErrorRegistry["keyOf"]> {
  try {
    return registry.keyOf(error);
  } catch {
    return undefined;
  }
}

/**
 * The error's name. A class that never set one inherits that of a class above it, which says less than the class's own
 * name; when the class itself comes back, the error keeps the name it had.
 */
function nameOf(error: Error, comesBackAsItsClass: boolean): string {
  const name = readSafely(error, "name");
  const isNamed = typeof name === "string" && name !== "";
  if (comesBackAsItsClass && isNamed) return name;
  const className = classNameOf(error);
  if (!isNamed) return className ?? "Error";
  return className !== undefined && isInheritedName(error, name) ? className : name;
}

function classNameOf(error: Error): string | undefined {
  const errorClass = readSafely(error, "constructor");
  if (typeof errorClass !== "function") return undefined;
  const name = readSafely(errorClass, "name");
  // One or two letters are what a minifier leaves: they say less than any other name.
  return typeof name === "string" && name.length > 2 ? name : undefined;
}

/** Whether the name is a class's of which this error's class is a subclass. */
function isInheritedName(error: Error, name: string): boolean {
  try {
    const own: unknown = Object.getPrototypeOf(error);
    if (Object.hasOwn(error, "name") || typeof own !== "object" || own === null) return false;
    return !Object.hasOwn(own, "name") && Reflect.get(own, "name") === name;
  } catch {
    return false;
  }
}

function messageOf(error: Error): string {
  const message = readSafely(error, "message");
  if (typeof message === "string") return message;
  return message === undefined ? "" : textOf(message);
}

/** A message set to something else than text, null for one: whatever text it has. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "";
  }
}

function storedFields(error: Error): StoredError["fields"] {
  const fields: Record<string, unknown> = {};
  let isEmpty = true;
  for (const key of keysSafely(error)) {
    if (RESERVED_FIELDS.has(key) || (key === "errors" && isAggregate(error))) continue;
    const field = storedValue(() => Reflect.get(error, key));
    if (field === undefined) continue;
    fields[toWellFormed(key)] = field.value;
    isEmpty = false;
  }
  return isEmpty ? undefined : fields;
}

function storedErrors(errors: unknown, walk: Walk): readonly StoredCause[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  return errors.slice(0, MAX_ERRORS).flatMap((error: unknown) => storedCause(error, walk) ?? []);
}

function storedCause(cause: unknown, walk: Walk): StoredCause | undefined {
  if (cause === undefined) return undefined;
  if (!isError(cause)) return storedValue(() => cause);
  const isTooDeep = walk.ancestors.length > MAX_CAUSE_DEPTH || walk.left <= 0;
  if (isTooDeep || walk.ancestors.includes(cause)) return undefined;
  return { error: describe(cause, walk) };
}

function storedValue(read: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: toEncodable(read(), { label: "error" }).value };
  } catch {
    return undefined;
  }
}

export function isAggregate(error: Error): boolean {
  try {
    return error instanceof AggregateError;
  } catch {
    return false;
  }
}

/** A text that comes back as it is stored, cut to a number of bytes of UTF-8, between characters. */
function capText(given: string, maxBytes: number): string {
  const text = toWellFormed(given);
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const mark = "… (cut)";
  const kept = Buffer.from(text.slice(0, maxBytes)).subarray(0, maxBytes - Buffer.byteLength(mark));
  // Only the last character can be cut in half; it decodes to one U+FFFD.
  return kept.toString().replace(/\uFFFD$/, "") + mark;
}
