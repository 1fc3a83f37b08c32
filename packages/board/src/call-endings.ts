import { type CallResult, isSettled, type RunSnapshot } from "@refrain/core";
import { type Json, type PreviewLimits, plainText } from "./preview.ts";
import { showError, showValue, type ValueReader } from "./stored-value.ts";

const LONGEST_TEXT = 240;
/** A larger result is not decoded for one line of it. */
const LARGEST_DECODED = 64 * 1024;
const ON_LINE: PreviewLimits = { depth: 3, entries: 8, text: 80, values: 24 };

type RunOfCall = Pick<RunSnapshot, "action" | "runId">;

/** What a call returned or threw, as the end of its line. */
export function resultOrError(run: RunOfCall, call: CallResult, reader: ValueReader): string {
  if (call.status !== "SUCCEEDED") return errorOf(run, call, reader);
  const { payload, slot } = call;
  const size = payload.byteLength;
  if (size > LARGEST_DECODED) return `  → ${Math.round(size / 1024)} KiB, not shown`;
  const { action, runId } = run;
  const place = { kind: "result", action, runId, call } as const;
  const value = showValue(payload, place, ["calls", String(slot), "result"], reader, ON_LINE);
  const text = value === "undefined" ? value : JSON.stringify(value);
  return `  → ${plainText(text, LONGEST_TEXT)}`;
}

/** What a call threw, as the end of its line; empty when it threw nothing. Bull Board paints lines with `error:` red. */
export function errorOf(run: RunOfCall, call: CallResult, reader: ValueReader): string {
  if (!isSettled(call) || call.status === "SUCCEEDED") return "";
  const path = ["calls", String(call.slot), "error"];
  const { action, runId } = run;
  const place = { kind: "error", action, runId, call } as const;
  return `  error: ${reasonOf(showError(call.payload, place, path, reader, ON_LINE))}`;
}

/** An error as one line: its name and message, or what stands in place of it. */
export function reasonOf(error: Json): string {
  if (typeof error !== "object" || error === null) return String(error);
  const text = ["name", "message"].map((key) => String(Reflect.get(error, key))).join(": ");
  return plainText(text, LONGEST_TEXT).replaceAll(/\s+/g, " ");
}
