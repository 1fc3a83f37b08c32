import {
  type ActionStateStore,
  type CallResult,
  encodeError,
  isSettled,
  msgpackCodec,
  newNonce,
  placeInRun,
  type Settlement,
} from "@refrain/core";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

export interface StoredRun {
  readonly runId: string;
  readonly input?: unknown;
  /** What each attempt wrote, oldest first. */
  readonly attempts?: readonly (readonly CallResult[])[];
  readonly output?: unknown;
  readonly error?: Error;
}

/** Writes a run as workers would have, up to where it stands: settled when it has an output or an error. */
export async function storeRun(store: ActionStateStore, run: StoredRun): Promise<void> {
  const { runId, input = {}, attempts = [[]] } = run;
  const action = "place-order";
  await store.create({
    runId,
    action,
    version: "",
    queue: "default",
    input: msgpackCodec.encode(input),
    inputDigest: "digest",
    requestId: newNonce(),
  });
  const settlement = settlementOf(run);
  for (const [index, calls] of attempts.entries()) {
    const delivery = { runId, action, queue: "default", nonce: newNonce(), jobTimestamp: 1 };
    const reply = await store.claim({ ...delivery, attemptsStarted: index + 1, incarnation: 0 });
    if (reply.kind !== "claimed") throw new Error(`the run was not claimed: ${reply.kind}`);
    const started = new Set(reply.run.calls.map((call) => call.slot));
    for (const call of calls) {
      if (!isSettled(call)) reply.claim.append(call);
      else if (started.has(call.slot)) reply.claim.finalize(call);
      else reply.claim.record(call);
    }
    if (settlement && index === attempts.length - 1) reply.claim.settle(settlement);
    await reply.claim.acknowledged();
  }
}

function settlementOf({ output, error }: StoredRun): Settlement | undefined {
  const common = { failedSlot: undefined, retentionMs: 60_000 };
  if (error !== undefined) {
    return { status: "FAILED", payload: encodeError(error, msgpackCodec, somewhere), ...common };
  }
  if (output === undefined) return undefined;
  return { status: "SUCCEEDED", payload: msgpackCodec.encode(output), ...common };
}
