import { hash } from "node:crypto";
import { types } from "node:util";
import { memberPath } from "./member-path.ts";
import { isDirectInstance, isPlainObject } from "./plain-object.ts";
import { isWellFormed } from "./well-formed.ts";

/**
 * Writes a value as text such that two values give the same text exactly when a durable function could not tell them
 * apart. Every part says its kind and, where that is not fixed, its length, so no value's text can run into the next:
 *
 *     u n t f              undefined, null, true, false
 *     d<number>;  i<n>;    number (with -0, NaN, infinities), bigint
 *     s<units>:<text>      string; S<json> when it has lone surrogates, which UTF-8 could not keep apart
 *     a<n>[…               array; a hole is undefined
 *     o<n>{ key value …    plain object, keys sorted by UTF-16 units; with or without prototype
 *     D<ms>;  R<source><flags>         Date, RegExp
 *     M<n>( key value …  E<n>( item …  Map, Set; entries sorted by their text, because order is no part of equality
 *     B<kind>:<bytes>:<sha256>         Buffer, typed arrays, ArrayBuffer, DataView
 *
 * @param label the first word of the path in errors: "args"
 * @throws TypeError that names the place, for functions, symbols, cycles, class instances, symbol keys, named properties of
 *   arrays, and values nested deeper than 500.
 */
export function canonicalForm(value: unknown, label: string): string {
  const trail: Trail = { label, keys: [], ancestors: [] };
  return textOf(value, trail);
}

/** Where the walk is: kept as it goes, because a path is wanted only when something is refused. */
interface Trail {
  readonly label: string;
  readonly keys: (string | number)[];
  readonly ancestors: object[];
}

const MAX_DEPTH = 500;

function textOf(value: unknown, trail: Trail): string {
  if (typeof value === "string") return textOfString(value);
  if (typeof value === "number") return Object.is(value, -0) ? "d-0;" : `d${value};`;
  if (value === null) return "n";
  if (typeof value === "object") return textOfObject(value, trail);
  if (value === undefined) return "u";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "bigint") return `i${value};`;
  throw refusal(trail, `is a ${typeof value}`);
}

function textOfString(text: string): string {
  return isWellFormed(text) ? `s${text.length}:${text}` : `S${JSON.stringify(text)}`;
}

function textOfObject(value: object, trail: Trail): string {
  const { ancestors } = trail;
  // Ancestors are few, and comparing a few references costs less than a Set.
  if (ancestors.includes(value)) throw refusal(trail, "is a cycle: it contains itself");
  if (ancestors.length >= MAX_DEPTH) throw refusal(trail, `is nested deeper than ${MAX_DEPTH}`);
  ancestors.push(value);
  const text = Array.isArray(value) ? textOfArray(value, trail) : textOfNonArray(value, trail);
  ancestors.pop();
  return text;
}

function textOfArray(items: readonly unknown[], trail: Trail): string {
  // Array.prototype is an array itself, in any realm; that of a subclass is not.
  if (!Array.isArray(Object.getPrototypeOf(items))) throw instanceRefusal(items, trail);
  const { keys } = trail;
  // The outermost array is not handed on as it is, only its items are.
  if (keys.length > 0) checkNames(items, trail);
  let text = `a${items.length}[`;
  for (let index = 0; index < items.length; index += 1) {
    keys.push(index);
    text += textOf(items[index], trail);
    keys.pop();
  }
  return text;
}

/** fn would see what an array has besides its items, the match of a RegExp for one, and no replay could tell. */
function checkNames(items: readonly unknown[], trail: Trail): void {
  // Names come after the numbers.
  const last = Object.keys(items).at(-1);
  if (last !== undefined && !isIndex(last, items.length)) {
    throw refusal(trail, `is an array with a property of its own, "${last}"`);
  }
  if (Object.getOwnPropertySymbols(items).length > 0) throw refusal(trail, "has a symbol as a key");
}

function isIndex(key: string, length: number): boolean {
  const index = Number(key);
  return index < length && String(index) === key;
}

function textOfNonArray(value: object, trail: Trail): string {
  return isPlainObject(value) ? textOfFields(value, trail) : textOfBuiltIn(value, trail);
}

function textOfFields(value: object, trail: Trail): string {
  const names = Object.keys(value);
  if (names.length > 1) names.sort();
  const fields = value as Readonly<Record<string, unknown>>;
  const { keys } = trail;
  let text = `o${names.length}{`;
  for (const name of names) {
    keys.push(name);
    text += textOfString(name) + textOf(fields[name], trail);
    keys.pop();
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw refusal(trail, "has a symbol as a key");
  return text;
}

function textOfBuiltIn(value: object, trail: Trail): string {
  const bytes = bytesOf(value);
  const kind = bytes && byteKinds.get(Object.getPrototypeOf(value));
  if (bytes && kind) return `B${kind}:${bytes.length}:${hash("sha256", bytes)}`;
  if (!isDirectInstance(value)) throw instanceRefusal(value, trail);
  if (types.isDate(value)) return `D${value.getTime()};`;
  if (types.isMap(value)) {
    const entries = Array.from(value, ([key, entry]) => textOfEntry(key, entry, trail));
    return `M${entries.length}(${entries.toSorted().join("")}`;
  }
  if (types.isSet(value)) {
    const items = Array.from(value, (item) => textOf(item, trail));
    return `E${items.length}(${items.toSorted().join("")}`;
  }
  if (types.isRegExp(value)) return `R${textOfString(value.source)}${textOfString(value.flags)}`;
  throw instanceRefusal(value, trail);
}

function textOfEntry(key: unknown, entry: unknown, trail: Trail): string {
  trail.keys.push(typeof key === "string" ? key : "(an entry of a Map)");
  const text = textOf(key, trail) + textOf(entry, trail);
  trail.keys.pop();
  return text;
}

const byteKinds: ReadonlyMap<unknown, string> = new Map(
  [
    ArrayBuffer,
    DataView,
    Buffer,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((byteClass) => [byteClass.prototype, byteClass.name]),
);

function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return types.isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function instanceRefusal(value: object, trail: Trail): TypeError {
  const name: unknown = value.constructor?.name;
  const className = typeof name === "string" && name !== "" ? name : "an anonymous class";
  return refusal(trail, `is an instance of ${className}`);
}

function refusal(trail: Trail, flaw: string): TypeError {
  const path = trail.keys.reduce<string>(memberPath, trail.label);
  return new TypeError(
    `${path} ${flaw}; durable call arguments need a canonical form: pass plain data (an id, a plain object), or use the form { id, call }, whose closure takes no arguments`,
  );
}
