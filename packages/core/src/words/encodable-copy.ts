import { types } from "node:util";
import { SerializationError } from "./errors.ts";
import { memberPath } from "./member-path.ts";
import { isPlainObject } from "./plain-object.ts";
import { toWellFormed } from "./well-formed.ts";

/** A class whose instances were turned into plain values, and the first place one was found at. */
export interface StoredInstance {
  readonly className: string;
  readonly path: string;
}

export interface Encodable {
  readonly value: unknown;
  /** One entry per class. */
  readonly instances: readonly StoredInstance[];
}

/** The careful walk behind `toEncodable`: copies what has to change, and only that. */
export function copyToEncodable(value: unknown, label: string): Encodable {
  const walk: Walk = { ancestors: new Set(), instances: new Map(), members: 0 };
  return {
    value: copyOf(value, label, walk),
    instances: Array.from(walk.instances, ([className, path]) => ({ className, path })),
  };
}

interface Walk {
  readonly ancestors: Set<object>;
  /** Class name -> first path. */
  readonly instances: Map<string, string>;
  members: number;
}

const MAX_DEPTH = 1000;
// One object referred to from two places is stored twice, so a few dozen objects can stand for more than fits anywhere.
const MAX_MEMBERS = 5_000_000;

function copyOf(value: unknown, path: string, walk: Walk): unknown {
  if (typeof value === "function") throw refusal(path, "function; only data can be stored");
  if (typeof value === "symbol") throw refusal(path, "symbol; only data can be stored");
  if (typeof value === "string") return toWellFormed(value);
  if (typeof value !== "object" || value === null) return value;
  if (walk.ancestors.has(value)) {
    throw refusal(path, "cycle; this object contains itself");
  }
  if (walk.ancestors.size >= MAX_DEPTH) throw refusal(path, `nested deeper than ${MAX_DEPTH}`);
  walk.ancestors.add(value);
  try {
    return copyOfObject(value, path, walk);
  } catch (cause) {
    if (cause instanceof SerializationError) throw cause;
    throw refusal(path, "it cannot be read", cause);
  } finally {
    walk.ancestors.delete(value);
  }
}

function copyOfObject(value: object, path: string, walk: Walk): unknown {
  if (Array.isArray(value)) return copyOfArray(value, path, walk);
  if (isPlainObject(value)) return copyOfFields(value, path, walk, "if-changed");
  if (types.isMap(value)) return copyOfMap(value, path, walk);
  if (types.isSet(value)) return copyOfSet(value, path, walk);
  if (types.isDate(value)) return builtIn(value, Date, path, walk, () => new Date(value));
  if (types.isRegExp(value)) return builtIn(value, RegExp, path, walk, () => new RegExp(value));
  if (ArrayBuffer.isView(value)) return copyOfView(value, path, walk);
  if (types.isArrayBuffer(value)) {
    return builtIn(value, ArrayBuffer, path, walk, () => value.slice(0));
  }
  if (types.isBoxedPrimitive(value)) return copyOf(value.valueOf(), path, walk);
  const opaque = opaqueKind(value);
  if (opaque !== undefined) throw refusal(path, opaque);
  noteInstance(value, path, walk);
  if (types.isNativeError(value) || value instanceof Error) return copyOfError(value, path, walk);
  const json = toJson(value);
  return json === value
    ? copyOfFields(value, path, walk, "always")
    : copyOf(json, `${path}.toJSON()`, walk);
}

function copyOfArray(items: readonly unknown[], path: string, walk: Walk): readonly unknown[] {
  const isPlainArray = isDirect(items, Array);
  if (classNameOf(items) !== Array.name) noteInstance(items, path, walk);
  count(items.length, path, walk);
  let changed = !isPlainArray;
  const copies: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const copy = copyOf(item, memberPath(path, index), walk);
    changed ||= !Object.is(copy, item);
    copies.push(copy);
  }
  return changed ? copies : items;
}

type CopyRule = "always" | "if-changed";

function copyOfFields(value: object, path: string, walk: Walk, rule: CopyRule): object {
  const fields = Object.entries(value);
  count(fields.length, path, walk);
  let changed = rule === "always";
  const copy: Record<string, unknown> = {};
  for (const [key, field] of fields) {
    if (key === "__proto__") {
      changed = true;
      continue;
    }
    const name = toWellFormed(key);
    copy[name] = copyOfField(key, field, path, walk);
    changed ||= name !== key || !Object.is(copy[name], field);
  }
  return changed ? copy : value;
}

function copyOfField(key: string, field: unknown, path: string, walk: Walk): unknown {
  // msgpackr keeps notes of its own under this name, among the names of fields: such a field would make it write
  // unreadable bytes for other objects, from then on.
  if (key === "__keys__") throw refusal(path, 'a field called "__keys__" cannot be stored');
  return copyOf(field, memberPath(path, key), walk);
}

function copyOfMap(map: ReadonlyMap<unknown, unknown>, path: string, walk: Walk): object {
  const keys = copyOfArray([...map.keys()], `${path}.keys()`, walk);
  const values = copyOfArray([...map.values()], `${path}.values()`, walk);
  let index = 0;
  let changed = false;
  for (const [key, value] of map) {
    changed ||= !Object.is(keys[index], key) || !Object.is(values[index], value);
    index += 1;
  }
  const copy = (): object => new Map(keys.map((key, i) => [key, values[i]]));
  return changed ? copy() : builtIn(map, Map, path, walk, copy);
}

function copyOfSet(set: ReadonlySet<unknown>, path: string, walk: Walk): object {
  const items = [...set];
  const copies = copyOfArray(items, `${path}.values()`, walk);
  const copy = (): object => new Set(copies);
  return copies === items ? builtIn(set, Set, path, walk, copy) : copy();
}

const viewClasses = new Map<string, new (bytes: ArrayBuffer) => ArrayBufferView>([
  ["DataView", DataView],
  ["Int8Array", Int8Array],
  ["Uint8Array", Uint8Array],
  ["Uint8ClampedArray", Uint8ClampedArray],
  ["Int16Array", Int16Array],
  ["Uint16Array", Uint16Array],
  ["Int32Array", Int32Array],
  ["Uint32Array", Uint32Array],
  ["Float32Array", Float32Array],
  ["Float64Array", Float64Array],
  ["BigInt64Array", BigInt64Array],
  ["BigUint64Array", BigUint64Array],
]);

function copyOfView(view: ArrayBufferView, path: string, walk: Walk): object {
  if (isDirect(view, Buffer)) return view;
  const name = types.isTypedArray(view) ? view[Symbol.toStringTag] : "DataView";
  const viewClass = viewClasses.get(name);
  if (viewClass === undefined) throw refusal(path, `the codec cannot store a ${name}`);
  return builtIn(view, viewClass, path, walk, () => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return new viewClass(new Uint8Array(bytes).buffer);
  });
}

/** Keeps a direct instance of a built-in class; makes one from an instance of a subclass, or of another realm. */
function builtIn(
  value: object,
  builtInClass: { readonly name: string; readonly prototype: object },
  path: string,
  walk: Walk,
  copy: () => object,
): object {
  if (isDirect(value, builtInClass)) return value;
  if (classNameOf(value) !== builtInClass.name) noteInstance(value, path, walk);
  return copy();
}

function copyOfError(error: Error, path: string, walk: Walk): object {
  const copy: Record<string, unknown> = {};
  for (const key of new Set(["name", "message", "code", ...Object.keys(error)])) {
    if (key === "__proto__" || key === "stack") continue;
    try {
      const field: unknown = Reflect.get(error, key);
      if (key === "code" && field === undefined) continue;
      copy[toWellFormed(key)] = copyOfField(key, field, path, walk);
    } catch {
      // Errors carry requests, sockets and themselves: what can be stored of them is worth more than a refusal.
    }
  }
  return copy;
}

/** Why a built-in that holds no data of its own is refused: as a bare object it would vanish unnoticed. */
function opaqueKind(value: object): string | undefined {
  if (types.isPromise(value)) return "a promise cannot be stored: is an await missing?";
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    return "a weak reference cannot be stored";
  }
  if (types.isSharedArrayBuffer(value)) return "shared memory cannot be stored";
  if (types.isGeneratorObject(value)) return "a generator cannot be stored";
  return undefined;
}

function toJson(value: object): unknown {
  const method: unknown = Reflect.get(value, "toJSON");
  return typeof method === "function" ? Reflect.apply(method, value, []) : value;
}

function isDirect(value: object, builtInClass: { readonly prototype: object }): boolean {
  return Object.getPrototypeOf(value) === builtInClass.prototype;
}

function classNameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "an anonymous class";
}

function noteInstance(value: object, path: string, walk: Walk): void {
  const className = classNameOf(value);
  if (!walk.instances.has(className)) walk.instances.set(className, path);
}

function count(members: number, path: string, walk: Walk): void {
  walk.members += members;
  if (walk.members > MAX_MEMBERS) {
    throw refusal(path, `the value has more than ${MAX_MEMBERS} members up to here`);
  }
}

function refusal(path: string, reason: string, cause?: unknown): SerializationError {
  return new SerializationError(`${path}: ${reason}`, cause === undefined ? {} : { cause });
}
