import type { BedEvent, BedNote, CallNote } from "./events.ts";

export const alpha: CallNote = {
  slot: 0,
  status: "SUCCEEDED",
  name: "alpha",
  digest: "d0",
  seq: 0,
  print: "a1:hash",
};
export const started: CallNote = {
  ...alpha,
  slot: 1,
  status: "PENDING",
  name: "beta",
  digest: "d1",
  seq: -1,
  print: "",
};
export const beta: CallNote = { ...started, status: "SUCCEEDED", seq: 1, print: "b1:hash" };

const run = "r";
export const first = { run, nonce: "n1" } as const;
export const second = { run, nonce: "n2" } as const;
export const at0 = { slot: 0, key: "k0", name: "alpha", isReconcilable: false, tries: 1 } as const;
export const at1 = { slot: 1, key: "k1", name: "beta", isReconcilable: true, tries: 1 } as const;
export const effect = { kind: "effect", value: "text", hasFailed: false } as const;

/**
 * A sound history by names: a completion-only call is recorded, a reconcilable one takes effect, its worker dies, and the next
 * attempt's reconciler finds the effect.
 */
export const sound = {
  enqueued: { kind: "enqueued", run, input: "i", width: 1, reply: "created" },
  claim1: { kind: "claimed", ...first, epoch: 1, journal: [] },
  ask0: { kind: "ask", ...first, slot: 0, name: "alpha", digest: "d0" },
  begin0: { kind: "begin", ...first, ...at0 },
  effect0: { ...effect, ...first, slot: 0, key: "k0", token: "a1" },
  end0: { kind: "end", ...first, slot: 0, key: "k0", how: "returned", token: "a1" },
  see0: { kind: "see", ...first, slot: 0, print: "a1:hash" },
  ask1: { kind: "ask", ...first, slot: 1, name: "beta", digest: "d1" },
  sent1: {
    kind: "sent",
    ...first,
    n: 1,
    entries: [
      { op: "record", ...alpha },
      { op: "append", ...started },
    ],
  },
  answered1: { kind: "answered", ...first, n: 1, word: "applied" },
  begin1: { kind: "begin", ...first, ...at1 },
  effect1: { ...effect, ...first, slot: 1, key: "k1", token: "b1" },
  fault: { kind: "fault", name: "kill", text: "" },
  claim2: { kind: "claimed", ...second, epoch: 2, journal: [alpha, started] },
  askAgain0: { kind: "ask", ...second, slot: 0, name: "alpha", digest: "d0" },
  seeAgain0: { kind: "see", ...second, slot: 0, print: "a1:hash" },
  askAgain1: { kind: "ask", ...second, slot: 1, name: "beta", digest: "d1" },
  question1: { kind: "question", ...second, slot: 1, key: "k1" },
  verdict1: { kind: "verdict", ...second, slot: 1, key: "k1", answer: "returned", token: "b1" },
  see1: { kind: "see", ...second, slot: 1, print: "b1:hash" },
  sent2: {
    kind: "sent",
    ...second,
    n: 1,
    entries: [
      { op: "finalize", ...beta },
      { op: "settle", status: "SUCCEEDED", print: "out" },
    ],
  },
  answered2: { kind: "answered", ...second, n: 1, word: "applied" },
  result: { kind: "result", run, status: "SUCCEEDED", print: "out" },
  final: {
    kind: "final",
    run,
    status: "SUCCEEDED",
    epoch: 2,
    v: 4,
    input: "i",
    print: "out",
    calls: [],
    job: "completed",
  },
  leaks: { kind: "leaks", keys: [] },
} as const satisfies Readonly<Record<string, BedNote>>;

type Name = keyof typeof sound;
/** By the name of an event: what stands in its place. */
export type Edit = Partial<Record<Name, readonly BedNote[]>>;

/** The sound history, with some of its events replaced by others. */
export function history(edit: Edit): BedEvent[] {
  const names = Object.keys(sound) as Name[];
  const notes = names.flatMap((name): readonly BedNote[] => edit[name] ?? [sound[name]]);
  return notes.map((note, t) => Object.assign({ by: "nonce" in note ? note.nonce : "d", t }, note));
}
