import { type Codec, type RunOutcome, reviveError } from "@refrain/core";

const MAX_REASON = 1000;

/**
 * Why a run did not succeed, in a line that may be shown in a queue: the error's name and message, at most 1,000 characters,
 * without line breaks and control characters.
 */
export function failureReason(outcome: RunOutcome, codec: Codec): string {
  const { status, failedSlot } = outcome;
  if (status === "SUCCEEDED") return "";
  const slot = failedSlot === undefined ? "" : ` at slot ${failedSlot}`;
  return sanitise(`run ${status}${slot}: ${errorText(outcome.payload, codec)}`);
}

export function sanitise(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return line.length <= MAX_REASON ? line : `${line.slice(0, MAX_REASON - 1)}…`;
}

function errorText(payload: Uint8Array, codec: Codec): string {
  try {
    const { name, message } = reviveError(payload, codec);
    return `${name}: ${message}`;
  } catch {
    return "its error cannot be read";
  }
}
