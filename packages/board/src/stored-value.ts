import { type Codec, type Place, reviveError } from "@refrain/core";
import { type Json, type PreviewLimits, plainText, preview, showBytes } from "./preview.ts";
import type { Redact } from "./redact.ts";

export interface ValueReader {
  readonly codec: Codec;
  readonly redact: Redact;
}

/** A stored value, decoded and bounded. Bytes that nobody can read are shown as such: they are data like any other. */
export function showValue(
  bytes: Uint8Array,
  place: Place,
  path: readonly string[],
  reader: ValueReader,
  limits: PreviewLimits,
): Json {
  return orUnreadable(bytes, () =>
    preview(reader.codec.decode(bytes, place), path, reader.redact, limits),
  );
}

/** A stored error: its name, message, code, fields and causes. */
export function showError(
  bytes: Uint8Array,
  place: Place,
  path: readonly string[],
  reader: ValueReader,
  limits: PreviewLimits,
): Json {
  return orUnreadable(bytes, () =>
    preview(reviveError(bytes, reader.codec, place), path, reader.redact, limits),
  );
}

function orUnreadable(bytes: Uint8Array, show: () => Json): Json {
  try {
    return show();
  } catch (cause) {
    const reason = cause instanceof Error ? plainText(cause.message, 200) : "unknown reason";
    return `unreadable: ${showBytes("stored value", bytes)} (${reason})`;
  }
}
