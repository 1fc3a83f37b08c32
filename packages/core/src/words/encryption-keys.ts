import { createSecretKey, type KeyObject } from "node:crypto";

/** 32 bytes, or the base64 of them. */
export type EncryptionKey = Uint8Array | string;

const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/**
 * Keys by their ids, as objects that print nothing of what is in them.
 *
 * @throws TypeError that names the key's id, and never shows the key.
 */
export function readKeys(
  where: string,
  keys: Readonly<Record<string, EncryptionKey>>,
): ReadonlyMap<string, KeyObject> {
  if (typeof keys !== "object" || keys === null || Object.keys(keys).length === 0) {
    throw new TypeError(`${where}: keys must be an object of at least one key by its id`);
  }
  return new Map(Object.entries(keys).map(([id, key]) => [id, readKey(where, id, key)]));
}

function readKey(where: string, id: string, key: unknown): KeyObject {
  if (!KEY_ID.test(id)) {
    throw new TypeError(
      `${where}: the id of a key must be 1 to 64 letters, digits, "_", "-" or ".", and it is stored in clear; ${JSON.stringify(id.slice(0, 80))} is not`,
    );
  }
  const bytes = bytesOf(key);
  if (bytes?.byteLength === KEY_BYTES) return createSecretKey(bytes);
  const found = bytes === undefined ? foundInstead(key) : `${bytes.byteLength} bytes`;
  throw new TypeError(
    `${where}: keys.${id} must be ${KEY_BYTES} random bytes, or the base64 of them as "openssl rand -base64 32" prints it; found ${found}`,
  );
}

function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key;
  // Buffer.from would read whatever it is given, and leave out what is no base64.
  return typeof key === "string" && BASE64.test(key) ? Buffer.from(key, "base64") : undefined;
}

function foundInstead(key: unknown): string {
  return typeof key === "string" ? `a text of ${key.length} characters` : `a ${typeof key}`;
}
