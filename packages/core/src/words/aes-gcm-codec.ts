import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { type Codec, codecOf } from "./codec.ts";
import { type EncryptionKey, readKeys } from "./encryption-keys.ts";
import {
  envelopeHead,
  isEnvelope,
  isNewerEnvelope,
  NONCE_BYTES,
  readEnvelope,
  TAG_BYTES,
} from "./envelope.ts";
import { NewerFormatError, SerializationError } from "./errors.ts";
import { msgpackCodec } from "./msgpack-codec.ts";
import { checkOptions } from "./options.ts";
import type { Place } from "./place.ts";

export interface AesGcmCodecOptions {
  /**
   * All keys that stored values may need, by their ids: 32 random bytes each, or the base64 of them. The ids are stored in
   * clear. Keep an old key for as long as runs live, and settled runs are kept, that were encrypted under it.
   */
  readonly keys: Readonly<Record<string, EncryptionKey>>;
  /** The id of the key under which values are encrypted from now on. */
  readonly primaryKeyId: string;
  /** What turns values into the bytes that are encrypted. Default msgpack. */
  readonly codec?: Codec;
  /**
   * Refuses values that are not encrypted. Switch it off only while runs live that were begun without encryption: whoever can
   * write to Redis can then put plain values in place of encrypted ones. Default true.
   */
  readonly requireEncrypted?: boolean;
}

/**
 * A codec that encrypts with AES-256-GCM: inputs, outputs, results and errors are unreadable in Redis, and a value that was
 * altered, or moved to another place, run, action or namespace, is refused.
 *
 * It does not hide names, run ids, sizes and times, and does not notice that whole entries were deleted or put back to what
 * they were before: see docs/security.md. Every value has a random nonce: change the primary key before it has encrypted
 * 2^32 values.
 *
 * @throws TypeError on an unknown option or a bad key.
 */
export function aesGcmCodec(options: AesGcmCodecOptions): Codec {
  checkOptions("aesGcmCodec", options, ["keys", "primaryKeyId", "codec", "requireEncrypted"]);
  const { primaryKeyId, codec = msgpackCodec, requireEncrypted = true } = options;
  const keys = readKeys("aesGcmCodec", options.keys);
  const primary = keys.get(primaryKeyId);
  if (primary === undefined) {
    throw new TypeError(
      `aesGcmCodec: primaryKeyId must be the id of one of the keys (${[...keys.keys()].join(", ")}), not ${JSON.stringify(primaryKeyId)}`,
    );
  }
  if (typeof requireEncrypted !== "boolean") {
    throw new TypeError("aesGcmCodec: requireEncrypted must be true or false");
  }
  const head = envelopeHead(primaryKeyId);
  return new AesGcmCodec({ keys, primary, head, requireEncrypted }, codec, "");
}

interface Settings {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly primary: KeyObject;
  readonly head: Uint8Array;
  readonly requireEncrypted: boolean;
}

const CIPHER = "aes-256-gcm";
// Without it, Node 20 accepts tags that were cut to 4 bytes.
const WHOLE_TAG = { authTagLength: TAG_BYTES };

class AesGcmCodec implements Codec {
  readonly isPlaintext = false;
  readonly #settings: Settings;
  readonly #inner: Codec;
  readonly #namespace: string;

  constructor(settings: Settings, inner: Codec, namespace: string) {
    this.#settings = settings;
    this.#inner = inner;
    this.#namespace = namespace;
  }

  forNamespace(namespace: string): Codec {
    return new AesGcmCodec(this.#settings, codecOf(namespace, this.#inner), namespace);
  }

  encode(value: unknown, place: Place): Uint8Array {
    const { primary, head } = this.#settings;
    const plain = this.#inner.encode(value, place);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, primary, nonce, WHOLE_TAG);
    cipher.setAAD(this.#boundTo(place));
    const ciphertext = cipher.update(plain);
    cipher.final();
    return Buffer.concat([head, nonce, cipher.getAuthTag(), ciphertext]);
  }

  decode(bytes: Uint8Array, place: Place): unknown {
    if (isEnvelope(bytes)) return this.#inner.decode(this.#decrypt(bytes, place), place);
    if (isNewerEnvelope(bytes)) {
      throw new NewerFormatError(
        `${described(place)} is encrypted in a format that this release does not know`,
      );
    }
    if (!this.#settings.requireEncrypted) return this.#inner.decode(bytes, place);
    throw new SerializationError(
      `${described(place)} is not encrypted, and requireEncrypted is on: somebody replaced it, or it was stored before encryption was`,
    );
  }

  #decrypt(bytes: Uint8Array, place: Place): Uint8Array {
    const envelope = readEnvelope(bytes);
    if (envelope === undefined) {
      throw new SerializationError(`${described(place)} is encrypted, and its bytes are cut off`);
    }
    const { keyId, nonce, tag, ciphertext } = envelope;
    const key = this.#settings.keys.get(keyId);
    if (key === undefined) throw this.#missingKey(keyId, place);
    try {
      const decipher = createDecipheriv(CIPHER, key, nonce, WHOLE_TAG);
      decipher.setAAD(this.#boundTo(place)).setAuthTag(tag);
      const plain = decipher.update(ciphertext);
      decipher.final();
      return plain;
    } catch (cause) {
      throw new SerializationError(
        `${described(place)} is not what was encrypted under key "${keyId}" for this place: it was altered or moved here from another place, or the key under that id is another one`,
        { cause },
      );
    }
  }

  #boundTo({ kind, action, runId, call }: Place): Buffer {
    const where = [1, this.#namespace, action, runId, kind];
    // A list as JSON: no part can run into the next.
    const parts = call ? [...where, call.slot, call.functionId, call.argsDigest] : where;
    return Buffer.from(JSON.stringify(parts));
  }

  #missingKey(keyId: string, place: Place): SerializationError {
    const known = [...this.#settings.keys.keys()].join(", ");
    return new SerializationError(
      `${described(place)} is encrypted under key ${JSON.stringify(keyId)}, which this process does not have; it has ${known}. Add it to the codec's keys`,
    );
  }
}

function described({ kind, runId, call }: Place): string {
  const slot = call === undefined ? "" : `, slot ${call.slot}`;
  return `run ${runId}${slot}: the stored ${kind}`;
}
