import { closeSync, mkdtempSync, openSync, readFileSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** One thing that happened, as the outside world would remember it. */
export interface LedgerEvent {
  /** What happened: "effect", "begin", "reconcile" … the words are the test's own. */
  readonly kind: string;
  /** What it happened to: an idempotency key, a run id, a name. */
  readonly key: string;
  readonly [detail: string]: unknown;
}

/**
 * The outside world of a crash test: a file of one JSON line per event. Several processes may write to one ledger; what
 * `write` returned from survives the process, kill -9 included.
 *
 * @example
 * const ledger = new EffectLedger(process.env.LEDGER);
 * ledger.write({ kind: "effect", key: currentCall().idempotencyKey });
 */
export class EffectLedger {
  readonly path: string;
  readonly #file: number;

  /** @param file created when absent; default: a new temporary file */
  constructor(file: string = path.join(mkdtempSync(path.join(os.tmpdir(), "refrain-")), "ledger")) {
    this.path = file;
    // O_APPEND: lines of several processes never mix, each is one write.
    this.#file = openSync(file, "a");
  }

  write(event: LedgerEvent): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  /** Everything written so far, by whichever process, oldest first. */
  read(): LedgerEvent[] {
    const lines = readFileSync(this.path, "utf8").split("\n");
    // What follows the last line break is a line that a crash cut off, or nothing.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerEvent);
  }

  /** How often each key has an event of this kind. */
  counts(kind: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const event of this.read()) {
      if (event.kind === kind) counts.set(event.key, (counts.get(event.key) ?? 0) + 1);
    }
    return counts;
  }

  count(kind: string, key: string): number {
    return this.counts(kind).get(key) ?? 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}
