import { createHash } from "node:crypto";
import { inspect } from "node:util";

/** Kinds of results: sizes that a journal has to carry, and values that plain JSON would spoil. */
export const valueKinds = ["text", "text", "fields", "hostile", "kilobytes", "large"] as const;
export type ValueKind = (typeof valueKinds)[number];

/** A result that is known by its token wherever it turns up. */
export function valueOf(kind: ValueKind, token: string): unknown {
  switch (kind) {
    case "text":
      return { token };
    case "fields":
      return { token, list: [1, -2.5, null, true], nested: { deep: { deeper: ["x", token] } } };
    case "hostile":
      return { token, ...hostile };
    case "kilobytes":
      return { token, text: token.repeat(200) };
    case "large":
      return { token, bytes: new Uint8Array(60_000).fill(token.length) };
  }
}

const hostile = {
  nothing: undefined,
  list: [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, -0],
  big: 2n ** 70n,
  date: new Date(86_400_000),
  map: new Map<unknown, unknown>([
    [1, "one"],
    ["1", new Set([1, "1"])],
  ]),
  bytes: new Uint8Array([0, 255, 128]),
  constructor: "no function",
  // oxlint-disable-next-line unicorn/no-thenable -- no function, so nothing takes it for a promise
  then: "no promise",
  text: "\0 \u{1f600} \u2028 }{",
} as const;

/** A failure that is known by its token. */
export class BedError extends Error {
  override readonly name = "BedError";
  readonly code = "BED";
}

/** A value or an error in few characters: its token, and a digest of all of it. Equal ones print alike, others do not. */
export function printOf(value: unknown): string {
  const shown = value instanceof Error ? fieldsOf(value) : shortened(value);
  const text = inspect(shown, {
    depth: 20,
    maxArrayLength: null,
    maxStringLength: null,
    sorted: true,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return `${tokenOf(value)}:${createHash("sha1").update(text).digest("hex").slice(0, 12)}`;
}

/** Bytes by their digest: written out, they would take longer than all that a worker does. */
function shortened(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bytes" in value)) return value;
  const { bytes } = value;
  if (!(bytes instanceof Uint8Array)) return value;
  return { ...value, bytes: createHash("sha1").update(bytes).digest("hex") };
}

function fieldsOf(error: Error): unknown {
  const own = Object.entries(error).filter(([key]) => key !== "name");
  return [error.name, error.message, ...own];
}

/** What tells this value from every other one; empty for what no function of ours gave. */
export function tokenOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value !== "object" || value === null) return "";
  const { token } = value as { readonly token?: unknown };
  return typeof token === "string" ? token : "";
}
