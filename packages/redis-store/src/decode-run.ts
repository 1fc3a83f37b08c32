import { decodeReopened, isSettledStatus, type RunSnapshot, RunStatus } from "@refrain/core";
import { decodeRunOutcome, present } from "./decode-reply.ts";
import type { OutcomeOf } from "./script.ts";
import type { read } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

type StoredRun = Extract<OutcomeOf<typeof read>, { readonly tag: "run" }>;

/** A run as read.lua hands it out; its calls are decoded elsewhere. */
export function decodeRun(runId: string, stored: StoredRun): Omit<RunSnapshot, "calls" | "shard"> {
  const {
    action,
    version,
    queue,
    generation,
    incarnation,
    epoch,
    v,
    createdAt,
    notBefore,
    priority,
  } = stored;
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
    notBefore: numberOf(notBefore),
    priority: numberOf(priority),
    settledAt: numberOf(stored.settledAt),
    input: present(stored.input, "input"),
    reopened: decodeReopened(stored.reopened),
    outcome: isSettledStatus(status) ? decodeRunOutcome(stored) : undefined,
  };
}

/** A number that may be lacking. */
export function numberOf(text: string): number | undefined {
  return text === "" ? undefined : Number(text);
}

function statusOf(text: string): RunStatus {
  const status = Object.values(RunStatus).find((known) => known === text);
  if (status !== undefined) return status;
  throw new StoreError(`its status is ${JSON.stringify(text)}, which this release does not know`);
}
