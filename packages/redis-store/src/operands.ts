/** What a script takes: text, a number, or bytes as they are. */
export type Operand = string | number | Uint8Array;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const DOLLAR = 36;
const DIGIT_ZERO = 48;
const LAST_ASCII = 127;
/** The `$` and the digits of a length, and both line ends. */
const FRAME_BYTES = 24;

/**
 * Operands as they go over the wire, ready to be sent and sent again. One batch has hundreds of short ones, and ioredis's
 * general encoder spends four times as long on them.
 */
export class Operands {
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  #end = 0;
  #count = 0;

  add(operand: Operand): void {
    this.#count += 1;
    if (typeof operand === "object") this.#addBytes(operand);
    else this.#addText(typeof operand === "string" ? operand : String(operand));
  }

  /** The whole command: its name, its first operand, then these. */
  toCommand(name: string, first: string): Buffer {
    const head = `*${this.#count + 2}\r\n${bulk(name)}${bulk(first)}`;
    return Buffer.concat([Buffer.from(head), this.#bytes.subarray(0, this.#end)]);
  }

  #addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength + FRAME_BYTES);
    this.#startBulk(bytes.byteLength);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.byteLength;
    this.#endLine();
  }

  #addText(text: string): void {
    this.#reserve(3 * text.length + FRAME_BYTES);
    const start = this.#end;
    this.#startBulk(text.length);
    if (this.#writeAscii(text)) return this.#endLine();
    this.#end = start;
    this.#startBulk(Buffer.byteLength(text));
    this.#end += this.#bytes.write(text, this.#end);
    this.#endLine();
  }

  /** False when the text is not all ASCII. Short texts are written faster one by one than by a call into the runtime. */
  #writeAscii(text: string): boolean {
    const bytes = this.#bytes;
    let end = this.#end;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > LAST_ASCII) return false;
      bytes[end++] = code;
    }
    this.#end = end;
    return true;
  }

  #startBulk(length: number): void {
    this.#bytes[this.#end++] = DOLLAR;
    if (length < 10) this.#bytes[this.#end++] = DIGIT_ZERO + length;
    else this.#writeAscii(String(length));
    this.#endLine();
  }

  #endLine(): void {
    this.#bytes[this.#end++] = CARRIAGE_RETURN;
    this.#bytes[this.#end++] = LINE_FEED;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + size));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
