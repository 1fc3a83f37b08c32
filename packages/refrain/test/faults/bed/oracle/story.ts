import type { BedEvent, EntryNote, EventOf } from "../events.ts";

/** A thing that happened, and its place in the one order of the ledger. */
export type Placed<E extends BedEvent = BedEvent> = E & { readonly at: number };

/** What an attempt does after its claim. */
export type AttemptEvent = Exclude<
  Extract<BedEvent, { readonly nonce: string }>,
  EventOf<"claimed">
>;

export interface Group {
  readonly n: number;
  readonly entries: readonly EntryNote[];
  readonly sentAt: number;
  /** The reply; undefined when none was ever seen. */
  readonly word: string | undefined;
}

/** One attempt: what it started from, and all that its process wrote down about it, in order. */
export interface AttemptStory {
  readonly nonce: string;
  readonly epoch: number;
  readonly by: string;
  readonly claimedAt: number;
  readonly claimed: EventOf<"claimed">["journal"];
  readonly events: readonly Placed<AttemptEvent>[];
  readonly groups: readonly Group[];
}

/** One run, from all processes. */
export interface RunStory {
  readonly run: string;
  /** In the order of their epochs: the order in which they owned the run. */
  readonly attempts: readonly AttemptStory[];
  readonly enqueued: readonly Placed<EventOf<"enqueued">>[];
  readonly results: readonly EventOf<"result">[];
  readonly final: EventOf<"final"> | undefined;
}

/** Sorts a ledger by runs and attempts. */
export function storiesOf(history: readonly BedEvent[]): RunStory[] {
  const byRun = new Map<string, Placed[]>();
  for (const [at, event] of history.entries()) {
    if (!("run" in event)) continue;
    const events = byRun.get(event.run) ?? [];
    byRun.set(event.run, events);
    events.push({ ...event, at });
  }
  return [...byRun].map(([run, events]) => storyOf(run, events));
}

function storyOf(run: string, events: readonly Placed[]): RunStory {
  const byNonce = new Map<string, Placed[]>();
  for (const event of events) {
    if (!("nonce" in event)) continue;
    const own = byNonce.get(event.nonce) ?? [];
    byNonce.set(event.nonce, own);
    own.push(event);
  }
  const attempts = [...byNonce].map(([nonce, own]) => attemptOf(nonce, own));
  return {
    run,
    attempts: attempts.toSorted((a, b) => a.epoch - b.epoch || a.claimedAt - b.claimedAt),
    enqueued: only(events, "enqueued"),
    results: only(events, "result"),
    final: only(events, "final").at(-1),
  };
}

function attemptOf(nonce: string, events: readonly Placed[]): AttemptStory {
  const [claim] = only(events, "claimed");
  const answers = only(events, "answered");
  const groups = only(events, "sent").map(({ n, entries, at: sentAt }) => {
    const word = answers.find((answer) => answer.n === n)?.word;
    return { n, entries, sentAt, word };
  });
  return {
    nonce,
    // Without a claim nothing can have been written: the oracle says so.
    epoch: claim?.epoch ?? 0,
    by: claim?.by ?? events[0]?.by ?? "",
    claimedAt: claim?.at ?? -1,
    claimed: claim?.journal ?? [],
    events: events.filter(isOfAttempt),
    groups,
  };
}

function isOfAttempt(event: Placed): event is Placed<AttemptEvent> {
  return "nonce" in event && event.kind !== "claimed";
}

export function only<K extends BedEvent["kind"]>(
  events: readonly Placed[],
  kind: K,
): Placed<EventOf<K>>[] {
  return events.filter((event): event is Placed<EventOf<K>> => event.kind === kind);
}

export function isAcknowledged({ word }: Group): boolean {
  return word === "applied" || word === "same";
}
