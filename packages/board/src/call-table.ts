import { type CallResult, isSettled } from "@refrain/core";
import { plainText } from "./preview.ts";

/** What the table needs to know of the run its calls belong to. */
export interface CallTableRun {
  readonly calls: readonly CallResult[];
  /** The latest attempt. */
  readonly epoch: number;
}

const LONGEST_FUNCTION_ID = 48;

/**
 * A heading and one aligned line per call: slot, function, status, how long it took, and which attempt recorded it how.
 * Past `most` calls the middle is left out.
 *
 * @param ending what to add to a call's line.
 */
export function callTable(
  run: CallTableRun,
  most: number,
  ending: (call: CallResult) => string,
): string[] {
  const head = run.calls.slice(0, Math.ceil(most / 2));
  const tail = run.calls.slice(Math.max(head.length, run.calls.length - Math.floor(most / 2)));
  const shown = [...head, ...tail];
  const slotWidth = Math.max(4, ...shown.map((call) => String(call.slot).length));
  const nameWidth = Math.max(8, ...shown.map((call) => functionName(call).length));
  const line = (slot: string, name: string, status: string, took: string, how: string) =>
    `${slot.padStart(slotWidth)}  ${name.padEnd(nameWidth)}  ${status.padEnd(9)}  ${took.padStart(7)}  ${how}`.trimEnd();
  const row = (call: CallResult) =>
    line(
      String(call.slot),
      functionName(call),
      call.status,
      isSettled(call) ? duration(call.tookMs) : "",
      howRecorded(call, run.epoch) + ending(call),
    );
  const left = run.calls.length - shown.length;
  return [
    line("slot", "function", "status", "took", "recorded"),
    ...head.map(row),
    ...(left > 0 ? [`… ${left} more calls between …`] : []),
    ...tail.map(row),
  ];
}

/** How many calls there are, and what became of them. */
export function countCalls({ calls, epoch }: CallTableRun): string {
  const count = (what: string, is: (call: CallResult) => boolean) => {
    const number = calls.filter(is).length;
    return number === 0 ? [] : [`${number} ${what}`];
  };
  const parts = [
    ...count("succeeded", (call) => call.status === "SUCCEEDED"),
    ...count("failed", (call) => call.status === "FAILED"),
    ...count("pending", (call) => call.status === "PENDING"),
    ...count("replayed", (call) => isReplayed(call, epoch)),
    ...count("reconciled", (call) => isSettled(call) && call.reconciled),
  ];
  return `${calls.length}: ${parts.join(", ")}`;
}

function functionName(call: CallResult): string {
  return plainText(call.functionId, LONGEST_FUNCTION_ID).replaceAll(/\s/g, " ");
}

function howRecorded(call: CallResult, epoch: number): string {
  const notes = [`attempt ${call.attempt}`];
  if (!isSettled(call)) notes.push(call.attempt < epoch ? "outcome unknown" : "started");
  if (isReplayed(call, epoch)) notes.push("replayed");
  if (isSettled(call) && call.reconciled) notes.push("reconciled");
  if (call.reopened > 0) notes.push(`reopened ${call.reopened} x`);
  return notes.join(", ");
}

/** What an earlier attempt recorded is what every later one gets instead of a call. */
function isReplayed(call: CallResult, epoch: number): boolean {
  return isSettled(call) && call.attempt < epoch;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${(ms / 60_000).toFixed(1)} min`;
}
