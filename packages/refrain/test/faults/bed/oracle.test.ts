import { expect, test } from "vitest";
import type { BedNote } from "./events.ts";
import { judge } from "./oracle/judge.ts";
import {
  alpha,
  at0,
  at1,
  beta,
  type Edit,
  effect,
  first,
  history,
  second,
  sound,
  started,
} from "./sound-history.ts";

function rulesBroken(edit: Edit): string[] {
  return [...new Set(judge(history(edit)).breaches.map(({ rule }) => rule.split(" ")[0] ?? ""))];
}

test("a sound history breaks no rule, and is counted", () => {
  const { breaches, counts } = judge(history({}));

  expect(breaches).toEqual([]);
  expect(counts).toMatchObject({ runs: 1, attempts: 2, executed: 2, replays: 1, verdicts: 1 });
});

const { sent1, sent2, final } = sound;
const zombieSend: BedNote = {
  ...sent1,
  n: 2,
  entries: [{ op: "finalize", ...beta, print: "b1:hash" }],
};

test.each<readonly [what: string, edit: Edit]>([
  [
    "a batch whose reply nobody saw, and which was applied",
    {
      answered1: [],
      begin1: [],
      effect1: [],
      verdict1: [{ ...sound.verdict1, answer: "not-started" }],
      see1: [
        { kind: "begin", ...second, ...at1 },
        { ...effect, ...second, slot: 1, key: "k1", token: "b1" },
        { kind: "end", ...second, slot: 1, key: "k1", how: "returned", token: "b1" },
        sound.see1,
      ],
    },
  ],
  ["a last batch whose reply nobody saw", { answered2: [] }],
  [
    "a batch of a zombie that was refused",
    {
      claim2: [
        sound.claim2,
        { kind: "end", ...first, slot: 1, key: "k1", how: "returned", token: "b1" },
        zombieSend,
        { kind: "answered", ...first, n: 2, word: "fenced" },
      ],
    },
  ],
  [
    "a body that a zombie begins after it was overtaken",
    { begin1: [], effect1: [], claim2: [sound.claim2, sound.begin1, sound.effect1] },
  ],
  [
    "a second enqueue with the same input, and one with another",
    {
      enqueued: [
        sound.enqueued,
        { ...sound.enqueued, reply: "existing" },
        { ...sound.enqueued, input: "j", reply: "conflict" },
      ],
    },
  ],
])("%s breaks no rule", (_, edit) => {
  expect(judge(history(edit)).breaches).toEqual([]);
});

test.each<readonly [rule: string, what: string, edit: Edit]>([
  [
    "S1",
    "a record that is written again",
    { sent2: [{ ...sent2, entries: [{ op: "record", ...alpha }, ...sent2.entries] }] },
  ],
  [
    "S1",
    "a claim that is given another journal than was written",
    { claim2: [{ ...sound.claim2, journal: [started] }] },
  ],
  [
    "S1",
    "a record that neither fn nor the reconciler gave",
    { verdict1: [{ ...sound.verdict1, token: "b9" }] },
  ],
  [
    "S2",
    "a body that begins although its outcome was given at the claim",
    { seeAgain0: [{ kind: "begin", ...second, ...at0 }, sound.seeAgain0] },
  ],
  [
    "S2",
    "two bodies of one branch that a zombie begins after it was overtaken",
    {
      claim2: [
        sound.claim2,
        { kind: "begin", ...first, ...at0, slot: 2, key: "k2" },
        { kind: "begin", ...first, ...at0, slot: 3, key: "k3" },
      ],
    },
  ],
  [
    "S3",
    "a reconcilable body without an acknowledged mark",
    { sent1: [sound.begin1, sent1], begin1: [] },
  ],
  [
    "S3",
    "a reconcilable body that begins again unasked",
    { question1: [{ kind: "begin", ...second, ...at1 }, sound.question1] },
  ],
  [
    "S3",
    "a reconciler that is asked about a call that nobody started",
    { begin0: [{ kind: "question", ...first, slot: 0, key: "k0" }, sound.begin0] },
  ],
  [
    "S4",
    "an outcome that is seen differently later",
    { seeAgain0: [{ ...sound.seeAgain0, print: "a2:hash" }] },
  ],
  [
    "S4",
    "an outcome that is recorded differently than it was seen",
    { see0: [{ ...sound.see0, print: "a2:hash" }] },
  ],
  [
    "S4",
    "a body that begins before an outcome it follows from is acknowledged",
    { answered1: [sound.begin1, sound.answered1], begin1: [] },
  ],
  [
    "S5",
    "a call that is asked for where another one is recorded",
    { askAgain0: [{ ...sound.askAgain0, name: "gamma" }] },
  ],
  [
    "S5",
    "a slot that begins as another call later",
    { askAgain1: [{ ...sound.askAgain1, name: "gamma" }] },
  ],
  [
    "S5",
    "a journal that is cleared",
    { sent2: [{ ...sent2, entries: [{ op: "clear", from: 7, to: 7 }, ...sent2.entries] }] },
  ],
  [
    "S5",
    "outcomes that are seen in another order than they were recorded",
    { seeAgain0: [], see1: [sound.see1, sound.seeAgain0] },
  ],
  [
    "S6",
    "a second settlement",
    {
      sent2: [
        { ...sent2, entries: [...sent2.entries, { op: "settle", status: "FAILED", print: "x" }] },
      ],
    },
  ],
  ["S6", "a caller who is told another outcome", { result: [{ ...sound.result, print: "other" }] }],
  [
    "S6",
    "an attempt after the run was settled",
    { result: [{ ...sound.claim2, nonce: "n3", epoch: 3 }, sound.result] },
  ],
  [
    "S6",
    "a job that says something else than the record",
    { final: [{ ...final, job: "failed" }] },
  ],
  [
    "S7",
    "a write that is applied after another claim",
    { claim2: [sound.claim2, zombieSend, { kind: "answered", ...first, n: 2, word: "applied" }] },
  ],
  ["S7", "a write that nobody wrote down", { final: [{ ...final, v: 5 }] }],
  ["S7", "an acknowledged write that is gone", { final: [{ ...final, v: 3 }] }],
  ["S7", "two claims with one epoch", { claim2: [{ ...sound.claim2, epoch: 1 }] }],
  [
    "S7",
    "a body that begins after its attempt was told that it is fenced",
    {
      effect1: [
        zombieSend,
        { kind: "answered", ...first, n: 2, word: "fenced" },
        { kind: "begin", ...first, ...at0, slot: 2, key: "k2" },
      ],
    },
  ],
  [
    "S8",
    "a completion-only body that begins twice in one attempt",
    { end0: [sound.begin0, sound.end0] },
  ],
  [
    "S8",
    "a run that is handed back while a body runs",
    { claim2: [{ ...sent1, n: 2, entries: [{ op: "release" }] }, sound.claim2] },
  ],
  ["S9", "a call with two keys", { verdict1: [{ ...sound.verdict1, key: "k9" }] }],
  ["S9", "two calls with one key", { question1: [{ ...sound.question1, key: "k0" }] }],
  ["S10", "a run that is created twice", { enqueued: [sound.enqueued, sound.enqueued] }],
  [
    "S10",
    "a run with an input that was refused",
    { enqueued: [sound.enqueued, { ...sound.enqueued, reply: "conflict" }] },
  ],
  ["S10", "a run that was enqueued and is nowhere", { final: [{ ...final, status: "" }] }],
  ["S11", "an attempt at what nobody enqueued", { enqueued: [] }],
  ["S12", "a key that stays for ever", { leaks: [{ kind: "leaks", keys: ["left"] }] }],
  ["L1", "a run that does not end", { final: [{ ...final, status: "QUEUED" }] }],
  ["L1", "a caller who waits in vain", { result: [{ ...sound.result, status: "" }] }],
  [
    "L2",
    "a second attempt at a run to which nothing had happened",
    { fault: [], leaks: [sound.fault, sound.leaks] },
  ],
])("%s is broken by %s", (rule, _, edit) => {
  expect(rulesBroken(edit)).toContain(rule);
});

test("how soon runs end is not judged where workers had no time to run", () => {
  const late: Edit = { final: [{ ...final, status: "QUEUED" }] };
  const starved: Edit = { ...late, leaks: [{ kind: "lag", ms: 2500 }, sound.leaks] };

  expect(rulesBroken(late)).toContain("L1");
  expect(rulesBroken(starved)).not.toContain("L1");
  expect(judge(history(starved)).isStarved).toBe(true);
});
