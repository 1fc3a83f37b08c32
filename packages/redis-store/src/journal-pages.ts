import { type ClaimedJournal, FENCE, JournalReader, type StoredJournal } from "./decode-journal.ts";
import { Operands } from "./operands.ts";
import type { RedisClient } from "./script.ts";
import { SlotsCommand } from "./slots-command.ts";

/** About as much as one reply should hold. */
const PAGE_BYTES = 256 * 1024;
const FIRST_PAGE_SLOTS = 128;
const MAX_PAGE_SLOTS = 1000;
/** As an operand, up to slot 99,999. */
const BYTES_PER_SLOT = 16;

/** Stands for a journal that was too much for the reply it should have come with. */
export const LEFT_OUT: StoredJournal = { calls: [], journalBytes: PAGE_BYTES };

/** An empty journal holds no bytes: only one that was left out does without having calls. */
export function isLeftOut({ calls, journalBytes }: StoredJournal): boolean {
  return calls.length === 0 && journalBytes > 0;
}

/**
 * Reads a journal page by page. Slots are counted, so they are listed only when some are missing: those of calls that were
 * under way while later ones got their outcome.
 */
export async function readJournalPages(redis: RedisClient, key: string): Promise<ClaimedJournal> {
  const journal = new JournalReader();
  const ask = asker(redis, key);
  const first = ask([FENCE, ...slotsBetween(0, FIRST_PAGE_SLOTS)]);
  const count = await redis.hlen(key);
  await readPages(first, slotsBetween(FIRST_PAGE_SLOTS, count), ask, journal);
  if (journal.count < count) {
    const end = Math.max(FIRST_PAGE_SLOTS, count);
    const fields = await redis.hkeysBuffer(key);
    const others = fields.filter((field) => !isSlotBelow(end, String(field)));
    await readPages(undefined, others, ask, journal);
  }
  return journal.end();
}

interface Page {
  readonly slots: readonly (number | string | Buffer)[];
  readonly values: Promise<(Buffer | null)[]>;
}

type Ask = (slots: Page["slots"]) => Page | undefined;

function asker(redis: RedisClient, key: string): Ask {
  return (slots) => {
    if (slots.length === 0) return undefined;
    const fields = new Operands(BYTES_PER_SLOT * slots.length);
    for (const slot of slots) fields.add(slot);
    const values = redis.sendCommand(new SlotsCommand(key, fields)) as Page["values"];
    // When what comes before it fails, nobody waits for it.
    values.catch(() => {});
    return { slots, values };
  };
}

/** Reads a page, if one was asked for, and then these slots: while a page is decoded, the next is on its way. */
async function readPages(
  first: Page | undefined,
  slots: Page["slots"],
  ask: Ask,
  journal: JournalReader,
): Promise<void> {
  let asked = 0;
  const askForNext = (count: number): Page | undefined => {
    const next = ask(slots.slice(asked, asked + count));
    asked += count;
    return next;
  };
  let page = first ?? askForNext(FIRST_PAGE_SLOTS);
  while (page !== undefined && !journal.isSpoilt) {
    const values = await page.values;
    const next = askForNext(slotsOfNext(values));
    for (const [index, slot] of page.slots.entries()) {
      const value = values[index];
      // Never recorded; or dropped since the slots were listed, by whoever owns the run now.
      if (value) journal.add(slot, value);
    }
    page = next;
  }
}

/** As many slots as fill a page, if the calls to come are as long as these. */
function slotsOfNext(values: readonly (Buffer | null)[]): number {
  const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
  return Math.min(Math.ceil((PAGE_BYTES * values.length) / Math.max(bytes, 1)), MAX_PAGE_SLOTS);
}

function slotsBetween(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}

/** What is no slot at all is above every end: it is read, and found out. */
function isSlotBelow(end: number, field: string): boolean {
  const slot = Number(field);
  return slot >= 0 && slot < end && String(slot) === field;
}
