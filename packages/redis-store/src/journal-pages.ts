import type { StoredJournal } from "./decode-journal.ts";
import type { RedisClient } from "./script.ts";

/** About as much as one reply should hold. */
const PAGE_BYTES = 256 * 1024;
const FIRST_PAGE_SLOTS = 16;
const MAX_PAGE_SLOTS = 1000;

/** Stands for a journal that was too much for the reply it should have come with. */
export const LEFT_OUT: StoredJournal = { calls: [], journalBytes: PAGE_BYTES };

/** An empty journal holds no bytes: only one that was left out does without having calls. */
export function isLeftOut({ calls, journalBytes }: StoredJournal): boolean {
  return calls.length === 0 && journalBytes > 0;
}

/** Reads a journal page by page: slot, bytes, slot, bytes … */
export async function readJournalPages(redis: RedisClient, calls: string): Promise<Buffer[]> {
  const slots = await redis.hkeysBuffer(calls);
  const flat: Buffer[] = [];
  let bytes = 0;
  for (let read = 0; read < slots.length; ) {
    const average = bytes / read;
    const size = read === 0 ? FIRST_PAGE_SLOTS : Math.ceil(PAGE_BYTES / Math.max(average, 1));
    const page = slots.slice(read, read + Math.min(size, MAX_PAGE_SLOTS));
    read += page.length;
    const values = await redis.hmgetBuffer(calls, ...page);
    for (const [index, slot] of page.entries()) {
      const value = values[index];
      // Dropped since the slots were listed, by whoever owns the run now.
      if (!value) continue;
      flat.push(slot, value);
      bytes += value.length;
    }
  }
  return flat;
}
