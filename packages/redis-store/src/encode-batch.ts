import type { Delivery, Group, JournalEntry } from "@refrain/core";
import type { ShardKeys } from "./keys.ts";
import { Operands } from "./operands.ts";

type WriteGroup = Group & { readonly kind: "write" };

/** About what a group with a small call in it takes. */
const BYTES_PER_GROUP = 512;

/**
 * A batch as the commit scripts take it: written straight into the command, for most of them are long.
 *
 * @param isWhole whether it holds also the calls of a group that settles its run as succeeded, which nobody needs any more
 */
export function encodeBatch(batch: readonly Group[], keys: ShardKeys, isWhole: boolean): Operands {
  const operands = new Operands(BYTES_PER_GROUP * batch.length);
  operands.add(1 + 2 * batch.length);
  operands.add(keys.live);
  for (const group of batch) {
    const { run, calls } = keys.of(group.kind === "claim" ? group.delivery.runId : group.runId);
    operands.add(run);
    operands.add(calls);
  }
  operands.add(keys.settled);
  for (const group of batch) {
    if (group.kind === "claim") addClaim(operands, group.delivery);
    else if (holdsPutsAlone(group)) addPuts(operands, group);
    else addWrites(operands, group, isWhole);
  }
  return operands;
}

function addClaim(operands: Operands, delivery: Delivery): void {
  const { action, queue, nonce, jobTimestamp, attemptsStarted, incarnation } = delivery;
  operands.add("claim");
  operands.add(action);
  operands.add(queue);
  operands.add(nonce);
  operands.add(jobTimestamp);
  operands.add(attemptsStarted);
  operands.add(incarnation);
}

function addWrites(operands: Operands, group: WriteGroup, isWhole: boolean): void {
  const { runId, nonce, n, entries: all } = group;
  const entries = !isWhole && succeeds(all) ? all.filter((entry) => !isPut(entry)) : all;
  operands.add("write");
  operands.add(countOf(entries));
  operands.add(fenceOf(nonce, n - 1));
  operands.add(fenceOf(nonce, n));
  for (const [index, entry] of entries.entries()) {
    if (!isPut(entry)) {
      addEntry(operands, runId, entry);
      continue;
    }
    if (startsPuts(entries, index)) {
      operands.add("put");
      operands.add(2 * lengthOfPuts(entries, index));
    }
    operands.add(entry.slot);
    operands.add(entry.bytes);
  }
}

/** Whether the run needs its calls no more. */
function succeeds(entries: readonly JournalEntry[]): boolean {
  const last = entries.at(-1);
  return last?.op === "settle" && last.settlement.status === "SUCCEEDED";
}

function holdsPutsAlone({ entries }: WriteGroup): boolean {
  return entries.length > 0 && entries.every(isPut);
}

function addPuts(operands: Operands, { nonce, n, entries }: WriteGroup): void {
  operands.add(2 + 2 * entries.length);
  operands.add(fenceOf(nonce, n - 1));
  operands.add(fenceOf(nonce, n));
  for (const entry of entries as readonly Put[]) {
    operands.add(entry.slot);
    operands.add(entry.bytes);
  }
}

/** What a run's fence says while a claim has the run, and has written that many groups. */
function fenceOf(nonce: string, n: number): string {
  return `${nonce} ${n}`;
}

type Put = Extract<JournalEntry, { readonly bytes: Uint8Array }>;

function isPut(entry: JournalEntry | undefined): entry is Put {
  return entry !== undefined && "bytes" in entry;
}

/** Calls that follow one another are one entry of the script's. */
function startsPuts(entries: readonly JournalEntry[], index: number): boolean {
  return isPut(entries[index]) && !isPut(entries[index - 1]);
}

function lengthOfPuts(entries: readonly JournalEntry[], from: number): number {
  let end = from;
  while (isPut(entries[end])) end += 1;
  return end - from;
}

/** How many operands a group of writes has. */
function countOf(entries: readonly JournalEntry[]): number {
  let count = 2;
  for (const [index, entry] of entries.entries()) {
    if (startsPuts(entries, index)) count += 2;
    count += isPut(entry) ? 2 : OPERANDS[entry.op];
  }
  return count;
}

/** Of each entry, its name included. */
const OPERANDS = { clear: 3, release: 2, settle: 6 } as const;

function addEntry(operands: Operands, runId: string, entry: Exclude<JournalEntry, Put>): void {
  operands.add(entry.op);
  if (entry.op === "clear") {
    operands.add(entry.from);
    operands.add(entry.to);
  } else if (entry.op === "release") {
    operands.add(entry.unknownAsks);
  } else {
    const { status, payload, failedSlot, retentionMs } = entry.settlement;
    operands.add(runId);
    operands.add(status);
    operands.add(payload);
    operands.add(failedSlot ?? "");
    // Redis takes whole milliseconds, and would delete the run at once for 0.
    operands.add(Math.min(Math.max(1, Math.ceil(retentionMs)), Number.MAX_SAFE_INTEGER));
  }
}
