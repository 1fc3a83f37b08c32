import type { Redact } from "./redact.ts";

/** How much of one value is shown; what lies beyond is counted instead. */
export interface PreviewLimits {
  readonly depth: number;
  /** Entries of one array, object, Map or Set. */
  readonly entries: number;
  /** Characters of one string. */
  readonly text: number;
  /** Values in all. */
  readonly values: number;
}

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Shows a decoded value as JSON: bounded every way, secrets hidden, and what JSON has no form for spelled out. */
export function preview(
  value: unknown,
  path: readonly string[],
  redact: Redact,
  limits: PreviewLimits,
): Json {
  return show(value, path, 0, { redact, limits, left: limits.values });
}

interface Walk {
  readonly redact: Redact;
  readonly limits: PreviewLimits;
  left: number;
}

function show(value: unknown, path: readonly string[], depth: number, walk: Walk): Json {
  if (walk.redact(path)) return "[redacted]";
  if (walk.left <= 0) return "…";
  walk.left -= 1;
  if (typeof value === "string") return plainText(value, walk.limits.text);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "bigint") return plainText(`${value}n`, walk.limits.text);
  if (typeof value === "object") return showObject(value, path, depth, walk);
  return typeof value;
}

function showObject(value: object, path: readonly string[], depth: number, walk: Walk): Json {
  const leaf = showLeaf(value, walk.limits);
  if (leaf !== undefined) return leaf;
  const isTooDeep = depth >= walk.limits.depth;
  const inner = (items: Iterable<readonly [string, unknown]>, count: number): Json =>
    showEntries(items, count, path, depth, walk);
  if (value instanceof Map) {
    const name = `Map of ${value.size}`;
    return isTooDeep ? name : { [name]: inner(mapEntries(value, walk.redact), value.size) };
  }
  const list = value instanceof Set ? [...value] : value;
  if (Array.isArray(list)) {
    const name = `${value instanceof Set ? "Set" : "array"} of ${list.length}`;
    if (isTooDeep) return name;
    const items = showItems(list, path, depth, walk);
    return value instanceof Set ? { [name]: items } : items;
  }
  const keys = fieldsOf(value);
  if (isTooDeep && keys.length > 0) return `object of ${keys.length}`;
  return inner(
    keys.slice(0, walk.limits.entries + 1).map((key) => [key, Reflect.get(value, key)] as const),
    keys.length,
  );
}

/** An error's telling fields are not enumerable. Its stack names this process's files, not those where it was thrown. */
function fieldsOf(value: object): string[] {
  if (!(value instanceof Error)) return Object.keys(value);
  const fields = new Set(["name", "message", ...Object.keys(value), "cause", "errors"]);
  return [...fields].filter((key) => key !== "stack" && Reflect.get(value, key) !== undefined);
}

function showEntries(
  entries: Iterable<readonly [string, unknown]>,
  count: number,
  path: readonly string[],
  depth: number,
  walk: Walk,
): Json {
  // Without a prototype even "__proto__" is a key like any other.
  const shown: Record<string, Json> = Object.create(null);
  let room = walk.limits.entries;
  for (const [key, value] of entries) {
    if (room <= 0 || walk.left <= 0) {
      shown["…"] = `${count - Object.keys(shown).length} more`;
      break;
    }
    room -= 1;
    shown[plainText(key, walk.limits.text)] = show(value, [...path, key], depth + 1, walk);
  }
  return shown;
}

function showItems(
  items: readonly unknown[],
  path: readonly string[],
  depth: number,
  walk: Walk,
): Json {
  const shown: Json[] = [];
  for (const [index, item] of items.entries()) {
    if (index >= walk.limits.entries || walk.left <= 0) {
      shown.push(`… ${items.length - index} more`);
      break;
    }
    shown.push(show(item, [...path, String(index)], depth + 1, walk));
  }
  return shown;
}

function* mapEntries(
  map: ReadonlyMap<unknown, unknown>,
  redact: Redact,
): Iterable<readonly [string, unknown]> {
  for (const [key, value] of map) {
    const name = typeof key === "string" ? key : JSON.stringify(preview(key, [], redact, IN_KEY));
    yield [name, value];
  }
}

const IN_KEY: PreviewLimits = { depth: 1, entries: 4, text: 40, values: 8 };

/** What has no inside worth opening. */
function showLeaf(value: object, limits: PreviewLimits): string | undefined {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Invalid Date" : `Date ${value.toISOString()}`;
  }
  if (value instanceof RegExp) return plainText(String(value), limits.text);
  if (value instanceof ArrayBuffer) return showBytes("ArrayBuffer", new Uint8Array(value));
  if (!ArrayBuffer.isView(value)) return undefined;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return showBytes(value.constructor.name, bytes);
}

const SHOWN_BYTES = 16;

export function showBytes(name: string, bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString("hex");
  const more = bytes.byteLength > SHOWN_BYTES ? "…" : "";
  return `${name} of ${bytes.byteLength} bytes ${hex}${more}`.trimEnd();
}

// Control characters break lines apart, and direction marks let a text pose as another.
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex -- they are what this looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Bounded text in which every character is one that can be seen, apart from line breaks and tabs. */
export function plainText(text: string, limit: number): string {
  const more = text.length > limit ? `… (${text.length} characters)` : "";
  const shown = text
    .slice(0, limit)
    .replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return shown + more;
}
