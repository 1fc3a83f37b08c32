import type { CallNote, EntryNote, EventOf } from "../events.ts";
import type { Breach } from "./breach.ts";
import { type AttemptStory, type Group, isAcknowledged, type RunStory } from "./story.ts";

/** One way in which a run's journal may stand: writes without a reply may have been applied or not. */
interface Possibility {
  readonly calls: ReadonlyMap<number, CallNote>;
  readonly settled: (EntryNote & { readonly op: "settle" }) | undefined;
  /** Groups of writes applied so far. */
  readonly groups: number;
  readonly breaches: readonly Breach[];
}

const EMPTY: Possibility = { calls: new Map(), settled: undefined, groups: 0, breaches: [] };

/**
 * Applies all writes of a run in the order of (epoch, n), which is the order in which Redis applied them, and holds every
 * claim's reply and the final record against that. Whatever of it cannot be, is a breach.
 */
export function foldJournal(story: RunStory): Breach[] {
  let possible: readonly Possibility[] = [EMPTY];
  const breaches: Breach[] = [];
  for (const attempt of story.attempts) {
    const fitting = possible.filter(({ calls }) => isLike(calls, attempt.claimed));
    if (attempt.claimedAt >= 0 && fitting.length === 0) {
      const [likeliest = EMPTY] = possible;
      const rule = "S1 record once";
      const text = `attempt ${attempt.epoch} was given another journal than acknowledged writes made: ${difference(likeliest.calls, attempt.claimed)}`;
      breaches.push({ rule, run: story.run, text });
      // What Redis holds is what counts from here on.
      possible = [{ ...likeliest, calls: mapOf(attempt.claimed) }];
    } else if (attempt.claimedAt >= 0) possible = fitting;
    possible = possible.flatMap((one) => applyAttempt(one, attempt, story.run));
  }
  return [...breaches, ...judgeEnd(possible, story)];
}

function applyAttempt(
  start: Possibility,
  attempt: AttemptStory,
  run: string,
): readonly Possibility[] {
  let possible: readonly Possibility[] = [start];
  for (const group of attempt.groups) {
    possible = possible.flatMap((one) => {
      const applied = applyGroup(one, group, attempt, run);
      return isAcknowledged(group) ? [applied] : [one, applied];
    });
  }
  return possible;
}

function applyGroup(
  before: Possibility,
  group: Group,
  { epoch }: AttemptStory,
  run: string,
): Possibility {
  const calls = new Map(before.calls);
  const breaches = [...before.breaches];
  const breach = (rule: Breach["rule"], text: string): void => {
    breaches.push({ rule, run, text: `attempt ${epoch}, group ${group.n}: ${text}` });
  };
  let { settled } = before;
  if (settled !== undefined) breach("S6 one outcome", "it wrote after the run was settled");
  for (const entry of group.entries) {
    if (entry.op === "settle") {
      if (settled !== undefined) breach("S6 one outcome", `a second settlement: ${entry.print}`);
      settled = entry;
    } else if (entry.op === "clear") {
      for (const slot of calls.keys()) {
        if (slot >= entry.from && slot <= entry.to) calls.delete(slot);
      }
    } else if (entry.op !== "release") {
      const flaw = flawOf(entry, calls.get(entry.slot));
      if (flaw !== undefined) breach("S1 record once", `slot ${entry.slot}: ${flaw}`);
      calls.set(entry.slot, entry);
    }
  }
  return { calls, settled, groups: before.groups + 1, breaches };
}

/** Why a call may not be written over what its slot holds. */
function flawOf(
  entry: CallNote & { readonly op: "append" | "finalize" | "record" },
  held: CallNote | undefined,
): string | undefined {
  const what = `${entry.op} of ${describe(entry)}`;
  if (held === undefined) return entry.op === "finalize" ? `${what} without a mark` : undefined;
  if (held.status !== "PENDING") return `${what} over the record ${describe(held)}`;
  if (held.name !== entry.name || held.digest !== entry.digest) {
    return `${what} over the mark of another call, ${describe(held)}`;
  }
  return entry.op === "finalize" ? undefined : `${what} over its own mark`;
}

function judgeEnd(possible: readonly Possibility[], { run, final, attempts }: RunStory): Breach[] {
  const [likeliest = EMPTY] = possible;
  if (final === undefined) return [...likeliest.breaches];
  const fitting = possible.filter((one) => isAtEnd(one, final));
  const [first] = fitting.toSorted((a, b) => a.breaches.length - b.breaches.length);
  if (first !== undefined) return [...first.breaches];
  const known = attempts.map(({ epoch, groups }) => `${epoch}: ${groups.length}`).join(", ");
  const ends = possible.map((one) => endOf(one, final)).join(" or ");
  const text = `Redis ends with ${final.status}, v ${final.v}, epoch ${final.epoch}, ${final.print}, calls ${listOf(final.calls)}; the writes make ${ends} (groups by epoch: ${known})`;
  return [...likeliest.breaches, { rule: "S7 fencing", run, text }];
}

function isAtEnd(one: Possibility, final: EventOf<"final">): boolean {
  const { settled, groups, calls } = one;
  // Every claim and every applied group raises v by one: no other write got through, and none was lost.
  if (final.v !== final.epoch + groups) return false;
  if ((settled?.print ?? "") !== final.print) return false;
  return settled?.status === "SUCCEEDED" ? final.calls.length === 0 : isLike(calls, final.calls);
}

function endOf({ settled, groups, calls }: Possibility, final: EventOf<"final">): string {
  const outcome = settled === undefined ? "no outcome" : `${settled.status} ${settled.print}`;
  return `${outcome}, v ${final.epoch + groups}, calls ${listOf([...calls.values()])}`;
}

function isLike(calls: ReadonlyMap<number, CallNote>, found: readonly CallNote[]): boolean {
  return calls.size === found.length && found.every((call) => isSame(calls.get(call.slot), call));
}

function isSame(one: CallNote | undefined, other: CallNote | undefined): boolean {
  return one !== undefined && other !== undefined && describe(one) === describe(other);
}

function difference(calls: ReadonlyMap<number, CallNote>, found: readonly CallNote[]): string {
  const given = mapOf(found);
  const slots = [...new Set([...calls.keys(), ...given.keys()])].toSorted((a, b) => a - b);
  return slots
    .filter((slot) => !isSame(calls.get(slot), given.get(slot)))
    .map((slot) => `slot ${slot}: ${name(calls.get(slot))}, given ${name(given.get(slot))}`)
    .join("; ");
}

function mapOf(calls: readonly CallNote[]): Map<number, CallNote> {
  return new Map(calls.map((call) => [call.slot, call]));
}

function name(call: CallNote | undefined): string {
  return call === undefined ? "nothing" : describe(call);
}

function listOf(calls: readonly CallNote[]): string {
  return `[${calls.map((call) => `${call.slot} ${describe(call)}`).join(", ")}]`;
}

export function describe({ status, name: called, digest, seq, print }: CallNote): string {
  return `${called}(${digest.slice(0, 4)}) ${status} ${seq} ${print}`;
}
