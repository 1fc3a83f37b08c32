/*
 * An encrypted value:
 *
 *   offset  bytes  field
 *        0      2  "e1"
 *        2      1  length of the key id: n
 *        3      n  the id of the key it is encrypted under, ASCII
 *    3 + n     12  nonce
 *   15 + n     16  authentication tag
 *   31 + n    ...  ciphertext, up to the end
 */
const MARK = Buffer.from("e1");
const HEAD_BYTES = 3;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

export interface Envelope {
  readonly keyId: string;
  readonly nonce: Uint8Array;
  readonly tag: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** The bytes in front of the nonce, the same for all that one key encrypts. */
export function envelopeHead(keyId: string): Buffer {
  return Buffer.concat([MARK, Buffer.of(keyId.length), Buffer.from(keyId, "latin1")]);
}

export function isEnvelope(bytes: Uint8Array): boolean {
  return bytes[0] === MARK[0] && bytes[1] === MARK[1];
}

/** An envelope of a format that a newer release may know: "e2" to "e9". */
export function isNewerEnvelope(bytes: Uint8Array): boolean {
  const [mark, version = 0] = bytes;
  return mark === MARK[0] && version > 0x31 && version <= 0x39;
}

/** The parts of an envelope, as views on its bytes; undefined when it is cut off. */
export function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  const keyEnd = HEAD_BYTES + (bytes[2] ?? 0);
  const nonceEnd = keyEnd + NONCE_BYTES;
  const tagEnd = nonceEnd + TAG_BYTES;
  if (tagEnd > bytes.length) return undefined;
  return {
    keyId: Buffer.from(bytes.subarray(HEAD_BYTES, keyEnd)).toString("latin1"),
    nonce: bytes.subarray(keyEnd, nonceEnd),
    tag: bytes.subarray(nonceEnd, tagEnd),
    ciphertext: bytes.subarray(tagEnd),
  };
}
