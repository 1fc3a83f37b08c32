import { type CallResult, decodeCall } from "@refrain/core";
import { StoreError } from "./store-error.ts";

export interface StoredJournal {
  /** Ascending by slot. */
  readonly calls: readonly CallResult[];
  readonly journalBytes: number;
}

/** A journal as a claim hands it out: one that cannot be read says why, and has no calls. */
export interface ClaimedJournal extends StoredJournal {
  readonly unreadable?: Error;
}

/** Reads a journal back; a spoilt one is for the worker to judge, which has the claim to settle its run. */
export function claimedJournal(flat: readonly Buffer[]): ClaimedJournal {
  try {
    return decodeJournal(flat);
  } catch (error) {
    return { calls: [], journalBytes: 0, unreadable: error as Error };
  }
}

/**
 * Reads a journal back from slot, bytes, slot, bytes …
 *
 * @throws StoreError or SerializationError that names the slot, when something else than a call is stored there.
 */
export function decodeJournal(flat: readonly Buffer[]): StoredJournal {
  const calls: CallResult[] = [];
  let journalBytes = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const bytes = flat[i + 1] ?? Buffer.alloc(0);
    calls.push(decodeCall(slotOf(flat[i]), bytes));
    journalBytes += bytes.length;
  }
  calls.sort((a, b) => a.slot - b.slot);
  return { calls, journalBytes };
}

function slotOf(field: Buffer | undefined): number {
  const text = String(field);
  if (/^(?:0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  throw new StoreError(
    `its journal holds ${JSON.stringify(text.slice(0, 40))}, which is not a slot`,
  );
}
