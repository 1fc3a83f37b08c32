import { type CallResult, decodeCall } from "@refrain/core";
import { StoreError } from "./store-error.ts";

export interface StoredJournal {
  /** Ascending by slot. */
  readonly calls: readonly CallResult[];
  readonly journalBytes: number;
}

/** A journal as a claim hands it out. A spoilt one is for the worker to judge, which has the claim to settle its run. */
export interface ClaimedJournal extends StoredJournal {
  /** Why it cannot be read: a StoreError or SerializationError that names the slot. Then there are no calls. */
  readonly unreadable?: Error;
}

/** The field in which a journal keeps whose it is. */
export const FENCE = "fence";

/** Reads a journal back from slot, bytes, slot, bytes … */
export function decodeJournal(flat: readonly Buffer[]): ClaimedJournal {
  const journal = new JournalReader();
  for (let i = 0; i < flat.length; i += 2) {
    journal.add(flat[i] ?? NOTHING, flat[i + 1] ?? NOTHING);
  }
  return journal.end();
}

const NOTHING = Buffer.alloc(0);

/** Reads a journal back, one call after the other. The first that cannot be read is the last that is tried. */
export class JournalReader {
  readonly #calls: CallResult[] = [];
  #bytes = 0;
  #isAscending = true;
  #hasFence = false;
  #unreadable: Error | undefined;

  /** How many fields were read. */
  get count(): number {
    return this.#calls.length + (this.#hasFence ? 1 : 0);
  }

  get isSpoilt(): boolean {
    return this.#unreadable !== undefined;
  }

  /** @param field the slot, or its key in the hash */
  add(field: number | string | Buffer, bytes: Buffer): void {
    if (this.isSpoilt) return;
    try {
      const slot = typeof field === "number" ? field : slotOf(String(field));
      if (slot === undefined) {
        this.#hasFence = true;
        return;
      }
      const previous = this.#calls.at(-1);
      const call = decodeCall(slot, bytes, previous?.functionId);
      if (previous !== undefined && previous.slot > call.slot) this.#isAscending = false;
      this.#calls.push(call);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#unreadable = error as Error;
    }
  }

  /** All that was read, ascending by slot. */
  end(): ClaimedJournal {
    const unreadable = this.#unreadable;
    if (unreadable !== undefined) return { calls: [], journalBytes: 0, unreadable };
    if (!this.#isAscending) this.#calls.sort((a, b) => a.slot - b.slot);
    return { calls: this.#calls, journalBytes: this.#bytes };
  }
}

/** Undefined for the fence. */
function slotOf(text: string): number | undefined {
  if (text === FENCE) return undefined;
  if (/^(?:0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  throw new StoreError(
    `its journal holds ${JSON.stringify(text.slice(0, 40))}, which is not a slot`,
  );
}
