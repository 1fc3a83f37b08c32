import { SerializationError } from "../words/errors.ts";
import { defineHidden, isErrorCode } from "../words/thrown.ts";
import type { ErrorRegistry } from "./error-registry.ts";
import { MAX_CAUSE_DEPTH, RESERVED_FIELDS } from "./stored-error.ts";

/**
 * Builds an error from stored data, which may be hostile: as the registered class it was stored under, without calling
 * that class's constructor, else as an Error of that name. Its `stack` says that the real one is not stored.
 *
 * A class with `#private` fields comes back without them: its methods that use them throw.
 *
 * @throws SerializationError when the data is not a stored error.
 */
export function revivedError(stored: unknown, registry: ErrorRegistry): Error {
  const error = revive(stored, registry, 0);
  if (error === undefined) throw new SerializationError("the stored bytes do not hold an error");
  return error;
}

type Data = Readonly<Record<string, unknown>>;

function revive(stored: unknown, registry: ErrorRegistry, depth: number): Error | undefined {
  if (!isData(stored) || typeof stored["message"] !== "string") return undefined;
  const { type, name, message, code, fields, cause, errors } = stored;
  if (typeof name !== "string") return undefined;
  const known = typeof type === "string" ? registry.classOf(type) : undefined;
  // Makes what `new Error` makes, with the prototype of the class; the class's own constructor is not called.
  const error = Reflect.construct(Error, [message], known ?? Error);
  const revivedName = known === undefined ? nameWithoutClass(type, name) : name;
  if (error.name !== revivedName) defineHidden(error, "name", revivedName);
  if (isErrorCode(code) && Reflect.get(error, "code") !== code) defineField(error, "code", code);
  if (isData(fields)) defineFields(error, fields);
  if (depth <= MAX_CAUSE_DEPTH) {
    const revived = reviveCause(cause, registry, depth);
    if (revived !== undefined) defineHidden(error, "cause", revived.value);
    if (Array.isArray(errors)) defineHidden(error, "errors", reviveAll(errors, registry, depth));
  }
  // Assigned: defining it would make V8 write out the stack of this very place first, which takes longer than all the rest.
  error.stack = `${revivedName}: ${message}\n    (the stack was not stored)`;
  return error;
}

/** A registered class whose errors say "Error" is known by its key where it is not registered. */
function nameWithoutClass(type: unknown, name: string): string {
  return name === "Error" && typeof type === "string" ? type : name;
}

function defineFields(error: Error, fields: Data): void {
  for (const [key, value] of Object.entries(fields)) {
    if (!RESERVED_FIELDS.has(key)) defineField(error, key, value);
  }
}

/** Defined, not assigned: a class may have a setter, or a getter only, under this name. */
function defineField(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function reviveAll(causes: readonly unknown[], registry: ErrorRegistry, depth: number): unknown[] {
  return causes.flatMap((cause) => {
    const revived = reviveCause(cause, registry, depth);
    return revived === undefined ? [] : [revived.value];
  });
}

function reviveCause(
  cause: unknown,
  registry: ErrorRegistry,
  depth: number,
): { readonly value: unknown } | undefined {
  if (!isData(cause)) return undefined;
  if (Object.hasOwn(cause, "value")) return { value: cause["value"] };
  const error = revive(cause["error"], registry, depth + 1);
  return error === undefined ? undefined : { value: error };
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
