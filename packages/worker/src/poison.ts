import {
  type CallResult,
  type ClaimedRun,
  type Codec,
  encodeError,
  isSettled,
  NewerFormatError,
  PoisonRunError,
  placeInRun,
  type Settlement,
} from "@refrain/core";

/**
 * The end of a run whose attempts vanished, one after another, without leaving a trace: whatever they did took their worker
 * down, and the next attempt would take down the next one. Also of a run whose journal none of them could read.
 */
export function poisonSettlement(
  run: ClaimedRun,
  options: { readonly codec: Codec; readonly retentionMs: number },
): { readonly settlement: Settlement; readonly error: PoisonRunError } {
  const problem = unreadablePart(run, options.codec);
  const { why, failedSlot } = problem === undefined ? vanished(run) : unreadable(problem);
  const attempts = `run ${run.runId} (${run.action}): its last ${run.suspect - 1} attempts`;
  const error = new PoisonRunError(`${attempts} ${why}`, { cause: problem });
  const payload = encodeError(error, options.codec, placeInRun("error", run));
  const { retentionMs } = options;
  return { settlement: { status: "FAILED", payload, failedSlot, retentionMs }, error };
}

/** Whether what this release cannot read of the run is a newer one's: a worker of that goes on with it. */
export function isOfNewerRelease(run: ClaimedRun, codec: Codec): boolean {
  return unreadablePart(run, codec) instanceof NewerFormatError;
}

/** Why an attempt could not read the run's journal, its input or an outcome. */
function unreadablePart(run: ClaimedRun, codec: Codec): Error | undefined {
  if (run.unreadable !== undefined) return run.unreadable;
  const { action, runId, input, calls } = run;
  try {
    codec.decode(input, placeInRun("input", run));
    for (const call of calls.filter(isSettled)) {
      const kind = call.status === "FAILED" ? "error" : "result";
      codec.decode(call.payload, { kind, action, runId, call });
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

interface Verdict {
  readonly why: string;
  readonly failedSlot: number | undefined;
}

function vanished(run: ClaimedRun): Verdict {
  const { slot, what, failedSlot } = suspectSlot(run.calls);
  const why = `vanished without any progress, at ${what} (slot ${slot}). A worker that runs it is killed, or blocked for longer than its lock: look for memory, native crashes and endless loops there`;
  return { why, failedSlot };
}

function unreadable({ message }: Error): Verdict {
  const why = `could not read what is stored of it: ${message}. What it holds stays as it is until the run's retention is over; look at it, then enqueue the work anew under another run id`;
  return { why, failedSlot: undefined };
}

interface Suspect {
  readonly slot: number;
  readonly what: string;
  readonly failedSlot: number | undefined;
}

/** The call that was under way: the last one that was started and not finished, else the one after all recorded ones. */
function suspectSlot(calls: readonly CallResult[]): Suspect {
  const pending = calls.findLast((call) => call.status === "PENDING");
  if (pending !== undefined) {
    const { slot, functionId } = pending;
    return { slot, what: `the started call of ${functionId}`, failedSlot: slot };
  }
  const last = calls.at(-1);
  if (last === undefined) return { slot: 0, what: "its beginning", failedSlot: undefined };
  const what = `whatever follows the call of ${last.functionId}`;
  return { slot: last.slot + 1, what, failedSlot: undefined };
}
