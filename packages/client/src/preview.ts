import { isSecretName } from "@refrain/core";

const MAX_LENGTH = 200;
const MAX_TEXT = 40;
const MAX_MEMBERS = 5;

/**
 * A few words about an input for people who look at a queue: at most 200 characters, cut short in depth and width, without
 * the values of fields whose names sound secret. It calls no code of the value's own.
 */
export function previewOf(input: unknown): string {
  const text = sketch(input, 2);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}

function sketch(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT)}…`);
    case "bigint":
      return `${value}n`.slice(0, MAX_TEXT);
    case "object":
      return value === null ? "null" : sketchObject(value, depth);
    case "function":
    case "symbol":
      return typeof value;
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
  }
}

function sketchObject(value: object, depth: number): string {
  if (Array.isArray(value)) {
    if (depth === 0) return `[${value.length}]`;
    const items = value.slice(0, MAX_MEMBERS).map((item: unknown) => sketch(item, depth - 1));
    return `[${[...items, ...more(value.length)].join(", ")}]`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no date" : value.toISOString();
  if (!isPlain(value)) return Object.prototype.toString.call(value).slice(8, -1);
  if (depth === 0) return "{…}";
  const keys = Object.keys(value);
  const fields = keys.slice(0, MAX_MEMBERS).map((key) => {
    const field = Object.getOwnPropertyDescriptor(value, key);
    return `${key.slice(0, MAX_TEXT)}: ${isSecretName(key) ? "…" : sketch(field?.value, depth - 1)}`;
  });
  return `{${[...fields, ...more(keys.length)].join(", ")}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function more(count: number): string[] {
  return count > MAX_MEMBERS ? [`… ${count - MAX_MEMBERS} more`] : [];
}
