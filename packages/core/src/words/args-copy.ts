import { types } from "node:util";
import { isPlainObject } from "./plain-object.ts";

/**
 * Copies the arguments of a call, so that what the action does to them later is not seen by fn, and what fn does to them
 * is not seen by the action: a replay does not run fn, so it would see something else.
 *
 * @param args values that have a canonical form, so no cycles and no instances of classes
 */
export function copyOfArgs(args: readonly unknown[]): unknown[] {
  return args.map(copyOf);
}

function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  return isPlainObject(value) ? copyOfFields(value) : copyOfBuiltIn(value);
}

function copyOfFields(value: object): object {
  const copy: object = Object.getPrototypeOf(value) === null ? Object.create(null) : {};
  for (const key of Object.keys(value)) setField(copy, key, Reflect.get(value, key));
  return copy;
}

function setField(copy: object, key: string, field: unknown): void {
  if (key === "__proto__") {
    const value = copyOf(field);
    Object.defineProperty(copy, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else {
    (copy as Record<string, unknown>)[key] = copyOf(field);
  }
}

function copyOfBuiltIn(value: object): object {
  if (types.isDate(value)) return new Date(value);
  if (types.isMap(value)) {
    return new Map(Array.from(value, ([key, entry]) => [copyOf(key), copyOf(entry)]));
  }
  if (types.isSet(value)) return new Set(Array.from(value, copyOf));
  if (types.isRegExp(value)) return copyOfRegExp(value);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (types.isTypedArray(value)) return value.slice();
  if (types.isDataView(value)) return copyOfDataView(value);
  return types.isAnyArrayBuffer(value) ? value.slice(0) : value;
}

function copyOfRegExp(value: RegExp): RegExp {
  const copy = new RegExp(value);
  copy.lastIndex = value.lastIndex;
  return copy;
}

function copyOfDataView({ buffer, byteOffset, byteLength }: DataView): DataView {
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
}
