import { decodeJournal, type StoredJournal } from "./decode-journal.ts";
import type { RedisClient } from "./script.ts";

/** About as much as one page of a journal holds. */
const PAGE_BYTES = 256 * 1024;

/**
 * Reads a journal that is too much for one reply.
 *
 * @param bytes about how much it holds
 */
export async function readJournalPages(
  redis: RedisClient,
  calls: string,
  bytes: number,
): Promise<StoredJournal> {
  const slots = await redis.hkeys(calls);
  const slotsPerPage = Math.max(1, Math.ceil((slots.length * PAGE_BYTES) / Math.max(bytes, 1)));
  const flat: Buffer[] = [];
  for (let from = 0; from < slots.length; from += slotsPerPage) {
    const page = slots.slice(from, from + slotsPerPage);
    const values = await redis.hmgetBuffer(calls, ...page);
    for (const [index, slot] of page.entries()) {
      const value = values[index];
      // Dropped since the slots were listed, by whoever owns the run now.
      if (value) flat.push(Buffer.from(slot), value);
    }
  }
  return decodeJournal(flat);
}
