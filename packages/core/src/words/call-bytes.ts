import {
  type CallResult,
  type CallStart,
  CallStatus,
  isSettled,
  pendingCall,
  settledCall,
} from "./call-result.ts";
import { isNewerVersion, NewerFormatError, SerializationError } from "./errors.ts";

/*
 * A stored call: a header of fixed size, so that a script can read it without unpacking anything, then the functionId,
 * then the payload. Numbers are big-endian. The slot is not in it: it is the key the bytes are stored under.
 *
 *   offset  bytes  field
 *        0      1  version of this format: 1
 *        1      1  status: "P", "S" or "F" (PENDING, SUCCEEDED, FAILED)
 *        2      1  flags: 1 = reconciled, 2 = has an argsDigest, 4 = settled, and had a reconciler, 8 = PENDING, and had none
 *        3      1  reopened: g of the last start of fn
 *        4      4  seq; 0 while PENDING
 *        8      4  after
 *       12      6  startedAt, epoch ms
 *       18      4  tookMs; 0 while PENDING
 *       22      8  argsDigest; zeros when there is none
 *       30      2  length of functionId in bytes: n
 *       32      4  attempt
 *       36      4  earlier
 *       40      n  functionId, UTF-8
 *   40 + n    ...  payload, up to the end; nothing while PENDING
 */
const VERSION = 1;
const HEADER_BYTES = 40;
const RECONCILED = 1;
const HAS_DIGEST = 2;
const RECONCILABLE = 4;
const PENDING_UNRECONCILABLE = 8;
const ALL_FLAGS = RECONCILED | HAS_DIGEST | RECONCILABLE | PENDING_UNRECONCILABLE;

const letters: Readonly<Record<CallStatus, number>> = {
  [CallStatus.PENDING]: 0x50,
  [CallStatus.SUCCEEDED]: 0x53,
  [CallStatus.FAILED]: 0x46,
};
const NO_PAYLOAD = new Uint8Array(0);

/** The bytes a call is stored as. Numbers are rounded, and kept inside the range their field has. */
export function encodeCall(call: CallResult): Uint8Array {
  const { functionId, argsDigest, status, after, startedAt, attempt, earlier, reopened } = call;
  const settled = isSettled(call) ? call : undefined;
  const payload = settled?.payload ?? NO_PAYLOAD;
  const idBytes = Buffer.byteLength(functionId);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + idBytes + payload.length);
  bytes[0] = VERSION;
  bytes[1] = letters[status];
  bytes[2] =
    (settled?.reconciled ? RECONCILED : 0) |
    (argsDigest === "" ? 0 : HAS_DIGEST) |
    (settled?.reconcilable ? RECONCILABLE : 0) |
    (settled === undefined && !call.reconcilable ? PENDING_UNRECONCILABLE : 0);
  bytes[3] = within(reopened, 0xff);
  bytes.writeUInt32BE(within(settled?.seq ?? 0, 0xffff_ffff), 4);
  bytes.writeUInt32BE(within(after, 0xffff_ffff), 8);
  bytes.writeUIntBE(within(startedAt, 0xffff_ffff_ffff), 12, 6);
  bytes.writeUInt32BE(within(settled?.tookMs ?? 0, 0xffff_ffff), 18);
  writeDigest(bytes, argsDigest);
  bytes.writeUInt16BE(idBytes, 30);
  bytes.writeUInt32BE(within(attempt, 0xffff_ffff), 32);
  bytes.writeUInt32BE(within(earlier, 0xffff_ffff), 36);
  bytes.write(functionId, HEADER_BYTES);
  bytes.set(payload, HEADER_BYTES + idBytes);
  return bytes;
}

/**
 * Reads a stored call back. Its payload is a view on `bytes`, not a copy.
 *
 * @param likely a functionId that it is likely to have: then there is one text for many calls
 * @throws SerializationError that names the slot, when the bytes are not a stored call.
 */
export function decodeCall(slot: number, bytes: Uint8Array, likely?: string): CallResult {
  const view = bufferOf(bytes);
  if (view[0] !== VERSION) throw otherVersion(slot, view[0]);
  if (view.length < HEADER_BYTES) throw unreadable(slot, `only ${view.length} bytes`);
  const idEnd = HEADER_BYTES + numberAt(view, 30, 2);
  if (idEnd > view.length) throw unreadable(slot, "the functionId is cut off");
  const flags = view[2] ?? 0;
  if (flags > ALL_FLAGS) throw unreadable(slot, `unknown flags ${flags}`);
  const start: CallStart = {
    slot,
    functionId: functionIdAt(view, idEnd, likely),
    argsDigest: flags & HAS_DIGEST ? view.toString("hex", 22, 30) : "",
    after: numberAt(view, 8, 4),
    startedAt: numberAt(view, 12, 6),
    attempt: numberAt(view, 32, 4),
    earlier: numberAt(view, 36, 4),
    reopened: view[3] ?? 0,
  };
  const status = statusOf(slot, view[1]);
  if (status === CallStatus.PENDING) {
    return pendingCall(start, (flags & PENDING_UNRECONCILABLE) === 0);
  }
  return settledCall(start, {
    status,
    seq: numberAt(view, 4, 4),
    tookMs: numberAt(view, 18, 4),
    reconcilable: (flags & RECONCILABLE) !== 0,
    reconciled: (flags & RECONCILED) !== 0,
    payload: view.subarray(idEnd),
  });
}

function otherVersion(slot: number, version: number | undefined): SerializationError {
  if (!isNewerVersion(version, VERSION)) {
    return unreadable(slot, `unknown format version ${version ?? "(no bytes)"}`);
  }
  return new NewerFormatError(
    `slot ${slot}: the call is stored in format ${version}, this release knows ${VERSION}: a newer release wrote it, and one of its workers goes on`,
  );
}

/** A big-endian number. A journal has thousands, and the Buffer's own methods check each time what was checked once. */
function numberAt(view: Buffer, at: number, bytes: number): number {
  let number = 0;
  for (let read = 0; read < bytes; read += 1) number = number * 256 + (view[at + read] ?? 0);
  return number;
}

/** The likely one when that is what the bytes say; compared only where a byte is a letter. */
function functionIdAt(view: Buffer, end: number, likely = ""): string {
  let isLikely = likely.length === end - HEADER_BYTES;
  for (let at = HEADER_BYTES; isLikely && at < end; at += 1) {
    const byte = view[at] ?? 0;
    isLikely = byte < 0x80 && byte === likely.charCodeAt(at - HEADER_BYTES);
  }
  return isLikely ? likely : view.toString("utf8", HEADER_BYTES, end);
}

function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function statusOf(slot: number, letter: number | undefined): CallStatus {
  if (letter === letters.SUCCEEDED) return CallStatus.SUCCEEDED;
  if (letter === letters.FAILED) return CallStatus.FAILED;
  if (letter === letters.PENDING) return CallStatus.PENDING;
  throw unreadable(slot, `unknown status byte ${letter}`);
}

function writeDigest(bytes: Buffer, argsDigest: string): void {
  if (argsDigest === "") bytes.fill(0, 22, 30);
  else if (argsDigest.length !== 16 || bytes.write(argsDigest, 22, 8, "hex") !== 8) {
    throw new SerializationError(`an argsDigest is 16 hex characters, not "${argsDigest}"`);
  }
}

/** Clocks jump and counters overflow; neither may turn an outcome that has happened into an error. */
function within(value: number, max: number): number {
  if (!(value > 0)) return 0;
  return value >= max ? max : Math.round(value);
}

function unreadable(slot: number, flaw: string): SerializationError {
  return new SerializationError(
    `slot ${slot}: the stored bytes are not a call: ${flaw}. They were damaged, or written by another release`,
  );
}
