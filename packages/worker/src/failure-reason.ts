import { type Codec, placeInRun, type RunOutcome, reviveError } from "@refrain/core";

const MAX_REASON = 1000;

/** Which run it is: what its error is bound to. */
type FailedRun = Parameters<typeof placeInRun>[1];

/**
 * Why a run did not succeed, in a line that may be shown in a queue: the error's name and message, at most 1,000 characters,
 * without line breaks and control characters. Where the codec keeps values secret, only that it failed, and at which slot.
 */
export function failureReason(run: FailedRun, outcome: RunOutcome, codec: Codec): string {
  const { status, failedSlot, payload } = outcome;
  if (status === "SUCCEEDED") return "";
  const slot = failedSlot === undefined ? "" : ` at slot ${failedSlot}`;
  const text = codec.isPlaintext === true ? errorText(run, payload, codec) : "its record says why";
  return sanitise(`run ${status}${slot}: ${text}`);
}

export function sanitise(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return line.length <= MAX_REASON ? line : `${line.slice(0, MAX_REASON - 1)}…`;
}

function errorText(run: FailedRun, payload: Uint8Array, codec: Codec): string {
  try {
    const { name, message } = reviveError(payload, codec, placeInRun("error", run));
    return `${name}: ${message}`;
  } catch {
    return "its error cannot be read";
  }
}
