import type { BedEvent } from "../events.ts";
import type { Breach } from "./breach.ts";
import { foldJournal } from "./journal-fold.ts";
import { judgeRun, lateBeginsOf } from "./judge-run.ts";
import { type AttemptEvent, type AttemptStory, type RunStory, storiesOf } from "./story.ts";
import { AttemptWalk } from "./walk-attempt.ts";

export type { Breach } from "./breach.ts";

/** What happened in a history. Faults that brought about nothing prove nothing. */
export interface Counts {
  readonly runs: number;
  readonly attempts: number;
  /** Bodies of fn that began. */
  readonly executed: number;
  /** Calls that an attempt found recorded and asked for. */
  readonly replays: number;
  /** Answers of reconcilers. */
  readonly verdicts: number;
  /** Attempts that were told that another one owns the run. */
  readonly fenced: number;
  /** Attempts that went on after another one had claimed their run. */
  readonly zombies: number;
  /** Batches whose answer came after another attempt's claim: copies, for the most part. */
  readonly late: number;
  /** Bodies that began after their attempt was overtaken. */
  readonly lateBegins: number;
  /** Reconcilable calls that took effect in more than one attempt: under one key, or a rule is broken. */
  readonly doubled: number;
}

export interface Judgement {
  readonly breaches: readonly Breach[];
  /** Runs did not end in time, on a machine that gave workers too little time to keep their locks: that tells nothing. */
  readonly isStarved: boolean;
  readonly counts: Counts;
}

/** Holds a history against every rule. Pure: the same ledger gives the same judgement. */
export function judge(history: readonly BedEvent[]): Judgement {
  const stories = storiesOf(history);
  const breaches = stories.flatMap((story) => [
    ...foldJournal(story),
    ...story.attempts.flatMap((attempt) => new AttemptWalk(story.run, attempt).walk()),
    ...judgeRun(story),
  ]);
  const all = [...breaches, ...leaks(history), ...quiet(history, stories)];
  const isBusy = starvedMs(history) > STARVED_MS;
  const told = all.filter(({ rule }) => !(isBusy && rule === "L1 every run ends"));
  return { breaches: told, isStarved: told.length < all.length, counts: countsOf(stories) };
}

const STARVED_MS = 2000;

/** How long workers stood still, in all, after everything was well again. */
function starvedMs(history: readonly BedEvent[]): number {
  const healed = history.findLastIndex(({ kind }) => kind === "healed");
  return history
    .slice(healed + 1)
    .reduce((sum, event) => (event.kind === "lag" ? sum + event.ms : sum), 0);
}

/** L2: before the first fault, on workers that stood nowhere still, a run takes one attempt. */
function quiet(history: readonly BedEvent[], stories: readonly RunStory[]): Breach[] {
  const end = history.findIndex(({ kind }) => kind === "fault" || kind === "lag");
  return stories.flatMap(({ run, attempts }) => {
    const settledAt = attempts.at(-1)?.events.find(isSettlement)?.at ?? end;
    if (settledAt >= end || attempts.length === 1) return [];
    const text = `it took ${attempts.length} attempts, and nothing had happened`;
    return [{ rule: "L2 one attempt in quiet" as const, run, text }];
  });
}

function isSettlement(event: AttemptEvent): boolean {
  return event.kind === "sent" && event.entries.some(({ op }) => op === "settle");
}

/** S12: what stays for ever belongs to a run that lives. */
function leaks(history: readonly BedEvent[]): Breach[] {
  return history.flatMap((event) =>
    event.kind === "leaks" && event.keys.length > 0
      ? [
          {
            rule: "S12 hygiene" as const,
            run: "",
            text: `keys without TTL: ${event.keys.join(", ")}`,
          },
        ]
      : [],
  );
}

type Tally = { -readonly [K in keyof Counts]: number };

function countsOf(stories: readonly RunStory[]): Counts {
  const counts: Tally = {
    runs: stories.length,
    attempts: 0,
    executed: 0,
    replays: 0,
    verdicts: 0,
    fenced: 0,
    zombies: 0,
    late: 0,
    lateBegins: 0,
    doubled: 0,
  };
  for (const story of stories) {
    for (const attempt of story.attempts) count(story, attempt, counts);
    counts.doubled += doubledOf(story);
  }
  return counts;
}

function count(story: RunStory, attempt: AttemptStory, counts: Tally): void {
  const { claimed, events, groups, epoch } = attempt;
  counts.attempts += 1;
  counts.lateBegins += lateBeginsOf(story, attempt).length;
  counts.fenced += groups.some(({ word }) => word === "fenced") ? 1 : 0;
  const overtaken = story.attempts.filter((other) => other.epoch > epoch && other.claimedAt >= 0);
  const isOvertaken = (from: number, to: number): boolean =>
    overtaken.some(({ claimedAt }) => claimedAt > from && claimedAt < to);
  counts.zombies += isOvertaken(-1, events.at(-1)?.at ?? -1) ? 1 : 0;
  const recorded = new Set(
    claimed.filter(({ status }) => status !== "PENDING").map(({ slot }) => slot),
  );
  for (const event of events) {
    if (event.kind === "begin") counts.executed += 1;
    if (event.kind === "ask" && recorded.has(event.slot)) counts.replays += 1;
    if (event.kind === "verdict") counts.verdicts += 1;
    if (event.kind !== "answered") continue;
    const sentAt = groups.find(({ n }) => n === event.n)?.sentAt ?? event.at;
    counts.late += isOvertaken(sentAt, event.at) ? 1 : 0;
  }
}

function doubledOf({ attempts }: RunStory): number {
  const effects = new Map<string, Set<string>>();
  const reconcilable = new Set<string>();
  for (const { nonce, events } of attempts) {
    for (const event of events) {
      if (event.kind === "begin" && event.isReconcilable) reconcilable.add(event.key);
      if (event.kind !== "effect") continue;
      effects.set(event.key, (effects.get(event.key) ?? new Set()).add(nonce));
    }
  }
  return [...reconcilable].filter((key) => (effects.get(key)?.size ?? 0) > 1).length;
}
