import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { BedEvent, BedNote } from "./events.ts";

/**
 * The one file that all processes of a bed append to. Its order is the order in which things were written down, and what was
 * written survives its process. Each process reads what is new to it since it last looked.
 */
export class BedLedger {
  readonly #file: number;
  readonly #by: string;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, by: string) {
    this.#file = openSync(path, "a+");
    this.#by = by;
  }

  write(note: BedNote): void {
    const t = Number(process.hrtime.bigint() / 1000n) / 1000;
    // A process that dies in the middle of a line leaves a piece of one: the next line must not be glued to it.
    writeSync(this.#file, `\n${JSON.stringify({ ...note, by: this.#by, t })}\n`);
  }

  /** What was written since the last call, by whichever process. */
  readNew(): BedEvent[] {
    const { size } = fstatSync(this.#file);
    const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
    const count = readSync(this.#file, bytes, 0, bytes.length, this.#offset);
    this.#offset += count;
    const text = Buffer.concat([this.#rest, bytes.subarray(0, count)]);
    const end = text.lastIndexOf(10) + 1;
    this.#rest = text.subarray(end);
    return text.subarray(0, end).toString().split("\n").flatMap(parse);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function parse(line: string): BedEvent[] {
  if (line === "") return [];
  try {
    return [JSON.parse(line) as BedEvent];
  } catch {
    return [];
  }
}
