/** What a script takes: text, a number, or bytes as they are. */
export type Operand = string | number | Uint8Array;

/**
 * Operands as they go over the wire, ready to be sent and sent again. One batch has hundreds of short ones, and ioredis's
 * general encoder spends four times as long on them.
 */
export class Operands {
  #bytes: Buffer;
  #end = 0;
  #count = 0;

  /** @param bytes how many there may be; more is no harm */
  constructor(bytes = 1024) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  add(operand: Operand): void {
    this.#count += 1;
    if (typeof operand === "string") {
      const room = this.#roomFor(MAX_BYTES_PER_UNIT * operand.length);
      this.#end = writeText(room, this.#end, operand);
    } else if (typeof operand === "number") {
      this.#end = writeDigits(this.#roomFor(MAX_DIGITS), this.#end, operand);
    } else {
      const room = this.#roomFor(operand.byteLength);
      this.#end = writeBytes(room, this.#end, operand);
    }
  }

  /** The whole command: its name, its first operand, then these. */
  toCommand(name: string, first: string): Buffer {
    const head = `*${this.#count + 2}\r\n${bulk(name)}${bulk(first)}`;
    return Buffer.concat([Buffer.from(head), this.#bytes.subarray(0, this.#end)]);
  }

  #roomFor(size: number): Buffer {
    const needed = this.#end + size + FRAME_BYTES;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, needed));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const DOLLAR = 36;
const DIGIT_ZERO = 48;
const LAST_ASCII = 127;
const MAX_BYTES_PER_UNIT = 3;
const MAX_DIGITS = 24;
/** A call into the runtime costs as much as that many units written one by one. */
const LONGEST_BY_UNIT = 12;
/** The `$` and the digits of a length, and both line ends. */
const FRAME_BYTES = 24;

// Each of these writes at `end` and returns where it stopped.

function writeText(room: Buffer, end: number, text: string): number {
  const from = writeLength(room, end, text.length);
  const stopped =
    text.length > LONGEST_BY_UNIT ? from + room.write(text, from) : writeAscii(room, from, text);
  // What is not ASCII has more bytes than units.
  if (stopped === from + text.length) return writeLineEnd(room, stopped);
  const again = writeLength(room, end, Buffer.byteLength(text));
  return writeLineEnd(room, again + room.write(text, again));
}

/** Most numbers are slots and counts of one digit. */
function writeDigits(room: Buffer, end: number, number: number): number {
  if (number < 0 || number > 9 || !Number.isInteger(number)) {
    return writeText(room, end, String(number));
  }
  const from = writeLength(room, end, 1);
  room[from] = DIGIT_ZERO + number;
  return writeLineEnd(room, from + 1);
}

function writeBytes(room: Buffer, end: number, bytes: Uint8Array): number {
  const from = writeLength(room, end, bytes.byteLength);
  room.set(bytes, from);
  return writeLineEnd(room, from + bytes.byteLength);
}

/** Undefined when the text is not ASCII. */
function writeAscii(room: Buffer, from: number, text: string): number | undefined {
  let end = from;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > LAST_ASCII) return undefined;
    room[end++] = unit;
  }
  return end;
}

function writeLength(room: Buffer, end: number, length: number): number {
  room[end] = DOLLAR;
  return writeLineEnd(room, writeNumber(room, end + 1, length));
}

/** Most lengths and slots have one digit or two or three: no text is made for them. */
function writeNumber(room: Buffer, end: number, number: number): number {
  if (number >= 1000) return writeAscii(room, end, String(number)) ?? end;
  let at = end;
  if (number >= 100) room[at++] = DIGIT_ZERO + Math.floor(number / 100);
  if (number >= 10) room[at++] = DIGIT_ZERO + (Math.floor(number / 10) % 10);
  room[at++] = DIGIT_ZERO + (number % 10);
  return at;
}

function writeLineEnd(room: Buffer, end: number): number {
  room[end] = CARRIAGE_RETURN;
  room[end + 1] = LINE_FEED;
  return end + 2;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
