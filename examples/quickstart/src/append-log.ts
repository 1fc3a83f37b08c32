import fs from "node:fs";

/**
 * A file of JSON lines that only grows. A line is with the kernel when `append` returns, so a process that is killed
 * in the next instant has lost none; several processes may share one file.
 */
export class AppendLog {
  readonly #file: number;

  constructor(path: string) {
    this.#file = fs.openSync(path, "a");
  }

  append(entry: object): void {
    fs.writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Appends and waits for the disk: what is in the log then outlives a power cut, too. */
  appendDurably(entry: object): void {
    this.append(entry);
    fs.fsyncSync(this.#file);
  }
}

/** The entries of a log; none when nobody has written it yet. A last line still being written is left out. */
export function readLog<Entry>(path: string): Entry[] {
  if (!fs.existsSync(path)) return [];
  const lines = fs.readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}
