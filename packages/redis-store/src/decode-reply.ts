import {
  type ClaimedRun,
  type Delivery,
  decodeReopened,
  type Group,
  type GroupReply,
  type RunOutcome,
  type SettledStatus,
} from "@refrain/core";
import { decodeJournal } from "./decode-journal.ts";
import { LEFT_OUT } from "./journal-pages.ts";
import { newerLayout } from "./layout.ts";
import { decodeOutcome, type OutcomeOf, type Reply } from "./script.ts";
import { commit } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

type Claimed = Extract<OutcomeOf<typeof commit>, { readonly tag: "claimed" }>;

const APPLIED: GroupReply = { word: "applied" };

/** What a commit script answered to each group of a batch. */
export function decodeReplies(batch: readonly Group[], reply: Reply): readonly GroupReply[] {
  if (Buffer.isBuffer(reply) && reply.equals(ALL_APPLIED)) return batch.map(() => APPLIED);
  const replies = reply as readonly Reply[];
  return batch.map((group, index) => decodeReply(group, replies[index] ?? null));
}

const ALL_APPLIED = Buffer.from("applied");

/** What cannot be used refuses its group alone. */
function decodeReply(group: Group, reply: Reply): GroupReply {
  try {
    const outcome = decodeOutcome(commit, reply);
    const { tag: word } = outcome;
    if (word === "claimed") return { word, run: claimedRun(group, outcome) };
    if (word === "settled") return { word, outcome: decodeRunOutcome(outcome) };
    if (word === "newer") throw newerLayout(outcome.layout);
    if (word === "foreign") return { word, action: outcome.action, queue: outcome.queue };
    return { word };
  } catch (error) {
    return { word: "refused", error: refusal(group, error) };
  }
}

export function refusal(group: Group, error: unknown): StoreError {
  const runId = group.kind === "claim" ? group.delivery.runId : group.runId;
  return StoreError.from(`run ${runId}: its ${group.kind} was refused`, error);
}

function claimedRun(group: Group, claimed: Claimed): ClaimedRun {
  if (group.kind !== "claim") throw new StoreError("a write was answered with a claim");
  const { runId, action }: Delivery = group.delivery;
  const { version, generation, epoch, createdAt, clears, suspect, unknownAsks, journal } = claimed;
  return {
    runId,
    action,
    version,
    generation,
    epoch,
    createdAt,
    input: present(claimed.input, "input"),
    ...(Buffer.isBuffer(journal) ? LEFT_OUT : decodeJournal(journal)),
    ...reopenedCalls(claimed.reopened),
    clears,
    suspect,
    unknownAsks,
  };
}

/** Without its reopened calls a run's keys are not known: then its journal is as good as unreadable. */
function reopenedCalls(text: string): Pick<ClaimedRun, "reopened" | "unreadable"> {
  try {
    return { reopened: decodeReopened(text) };
  } catch (error) {
    return { reopened: [], unreadable: error as Error };
  }
}

/** The outcome of a settled run, as claim.lua and read.lua hand it out. */
export function decodeRunOutcome(fields: {
  readonly status: string;
  readonly outcome: Buffer | null;
  readonly failedSlot: string;
}): RunOutcome {
  const { status, outcome, failedSlot } = fields;
  return {
    status: status as SettledStatus,
    payload: present(outcome, "outcome"),
    failedSlot: failedSlot === "" ? undefined : Number(failedSlot),
  };
}

export function present(bytes: Buffer | null, field: string): Buffer {
  if (bytes === null) throw new StoreError(`its ${field} is missing`);
  return bytes;
}
