import { isSettledStatus, type RunSnapshot, RunStatus } from "@refrain/core";
import { decodeRunOutcome, present } from "./decode-reply.ts";
import type { OutcomeOf } from "./script.ts";
import type { read } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

type StoredRun = Extract<OutcomeOf<typeof read>, { readonly tag: "run" }>;

/** A run as read.lua hands it out; its calls are decoded elsewhere. */
export function decodeRun(runId: string, stored: StoredRun): Omit<RunSnapshot, "calls"> {
  const { action, version, queue, generation, incarnation, epoch, v, createdAt } = stored;
  const status = statusOf(stored.status);
  return {
    runId,
    action,
    version,
    queue,
    status,
    generation,
    incarnation,
    epoch,
    v,
    createdAt,
    settledAt: stored.settledAt === "" ? undefined : Number(stored.settledAt),
    input: present(stored.input, "input"),
    outcome: isSettledStatus(status) ? decodeRunOutcome(stored) : undefined,
  };
}

function statusOf(text: string): RunStatus {
  const status = Object.values(RunStatus).find((known) => known === text);
  if (status !== undefined) return status;
  throw new StoreError(`its status is ${JSON.stringify(text)}, which this release does not know`);
}
