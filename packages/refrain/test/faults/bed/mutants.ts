import { createHash } from "node:crypto";
import {
  type ActionStateStore,
  type ClaimedRun,
  type CommitPort,
  type Group,
  type GroupReply,
  isSettled,
} from "@refrain/core";
import { RunningAttempt } from "../../../../core/src/attempt/running-attempt.ts";
import { commit } from "../../../../redis-store/src/scripts.generated.ts";
import { withClaim } from "./noting-store.ts";

/** What stands between a worker and its journal, so that it breaks a rule on purpose. */
interface Mutant {
  readonly wrapPort?: (port: CommitPort) => CommitPort;
  readonly wrapStore?: (store: ActionStateStore) => ActionStateStore;
  /** Done once, when the worker starts. */
  readonly begin?: () => void;
}

const mutants = {
  "no fence": {
    begin: () => patchCommit("if owner ~= nonce then return 'fenced' end", ""),
  },
  "no group numbers": {
    begin: () => {
      patchCommit("if n - seen <= 0 then return 'same' end", "");
      patchCommit("if n - seen > 1 then return 'gap' end", "");
    },
  },
  "recorded calls run again": {
    wrapStore: (store) => withJournal(store, withoutLast),
  },
  "no mark before fn": {
    wrapPort: (port) => ({ send: (batch) => port.send(batch.map(withoutMarks)) }),
  },
  "outcomes in the order of slots": {
    wrapStore: (store) =>
      withJournal(store, (calls) =>
        calls.map((call) => (isSettled(call) ? { ...call, seq: call.slot } : call)),
      ),
  },
  "no barrier": { wrapPort: hasty },
  "handed back while fn runs": {
    begin: () =>
      Object.defineProperty(RunningAttempt.prototype, "isExecuting", { get: () => false }),
  },
} as const satisfies Readonly<Record<string, Mutant>>;

export type MutantName = keyof typeof mutants;
export const mutantNames = Object.keys(mutants) as readonly MutantName[];

/** Makes this process one that breaks a rule; without a name it is left as it is. */
export function mutate(name: MutantName | undefined): Required<Omit<Mutant, "begin">> {
  const mutant: Mutant = name === undefined ? {} : mutants[name];
  mutant.begin?.();
  const { wrapPort = (port) => port, wrapStore = (store) => store } = mutant;
  return { wrapPort, wrapStore };
}

/** The script of group commit, with something else in place of a line. */
function patchCommit(line: string, instead: string): void {
  if (!commit.lua.includes(line)) throw new Error(`commit.lua has no such line: ${line}`);
  const lua = commit.lua.replace(line, instead);
  Object.assign(commit, { lua, sha1: createHash("sha1").update(lua).digest("hex") });
}

type Calls = ClaimedRun["calls"];

function withJournal(store: ActionStateStore, change: (calls: Calls) => Calls): ActionStateStore {
  return withClaim(store, async (delivery) => {
    const reply = await store.claim(delivery);
    if (reply.kind !== "claimed") return reply;
    return { ...reply, run: { ...reply.run, calls: change(reply.run.calls) } };
  });
}

function withoutLast(calls: Calls): Calls {
  const last = calls
    .filter(isSettled)
    .toSorted((a, b) => a.seq - b.seq)
    .at(-1);
  return calls.filter((call) => call !== last);
}

function withoutMarks(group: Group): Group {
  if (group.kind === "claim") return group;
  return { ...group, entries: group.entries.filter(({ op }) => op !== "append") };
}

/** Says that writes are done before they are. */
function hasty(port: CommitPort): CommitPort {
  let before: Promise<unknown> = Promise.resolve();
  return {
    send: (batch) => {
      const sent = before.then(() => port.send(batch));
      before = sent.catch(() => {});
      if (batch.some(({ kind }) => kind === "claim")) return sent;
      return Promise.resolve(batch.map((): GroupReply => ({ word: "applied" })));
    },
  };
}
