import type { Delivery, Group, JournalEntry } from "@refrain/core";
import type { ShardKeys } from "./keys.ts";
import type { Operand } from "./operands.ts";

type WriteGroup = Group & { readonly kind: "write" };

/** A batch as commit.lua takes it: two keys for each group, and all operands in a row. */
export function encodeBatch(
  batch: readonly Group[],
  keys: ShardKeys,
): { readonly runs: readonly string[]; readonly groups: readonly Operand[] } {
  const runs: string[] = [];
  const groups: Operand[] = [];
  for (const group of batch) {
    const { run, calls } = keys.of(group.kind === "claim" ? group.delivery.runId : group.runId);
    const operands = group.kind === "claim" ? claimOperands(group.delivery) : writeOperands(group);
    runs.push(run, calls);
    groups.push(group.kind, operands.length, ...operands);
  }
  return { runs, groups };
}

function claimOperands(delivery: Delivery): Operand[] {
  const { action, queue, nonce, jobTimestamp, attemptsStarted, incarnation } = delivery;
  return [action, queue, nonce, jobTimestamp, attemptsStarted, incarnation];
}

function writeOperands(group: WriteGroup): Operand[] {
  const operands: Operand[] = [group.nonce, group.n];
  let puts: Operand[] = [];
  const endPuts = (): void => {
    if (puts.length === 0) return;
    operands.push("put", puts.length / 2, ...puts);
    puts = [];
  };
  for (const entry of group.entries) {
    if ("bytes" in entry) {
      puts.push(entry.slot, entry.bytes);
    } else {
      endPuts();
      operands.push(...entryOperands(group.runId, entry));
    }
  }
  endPuts();
  return operands;
}

function entryOperands(
  runId: string,
  entry: Exclude<JournalEntry, { readonly bytes: Uint8Array }>,
): readonly Operand[] {
  if (entry.op === "clear") return ["clear", entry.from, entry.to];
  if (entry.op === "release") return ["release", entry.unknownAsks];
  const { status, payload, failedSlot, retentionMs } = entry.settlement;
  // Redis takes whole milliseconds, and would delete the run at once for 0.
  const retention = Math.min(Math.max(1, Math.ceil(retentionMs)), Number.MAX_SAFE_INTEGER);
  return ["settle", runId, status, payload, failedSlot ?? "", retention];
}
