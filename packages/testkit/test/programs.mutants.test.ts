import { type Claim, type ClaimedRun, isSettled } from "@refrain/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Mutation, runThroughCrashes } from "./programs/crash-run.ts";
import { type Case, cases } from "./programs/program.ts";
import { restlessCases, timedCases } from "./programs/timed-cases.ts";

interface Mutant extends Mutation {
  /** The rules of which at least one must be seen broken. */
  readonly breaks: readonly string[];
  /** Programs that can tell. Default: nested ones without timers. */
  readonly on?: fc.Arbitrary<Case>;
}

// What the engine would do without one of its rules, brought about by lying to it about its claim or its journal.
const mutants: Readonly<Record<string, Mutant>> = {
  "recorded outcomes are delivered in the order of their slots": {
    run: (run) => ({
      ...run,
      calls: run.calls.map((call) => (isSettled(call) ? { ...call, seq: call.slot } : call)),
    }),
    breaks: ["same value, same order", "diverged"],
  },
  "`after` is ignored": {
    run: (run) => ({ ...run, calls: run.calls.map((call) => ({ ...call, after: 2 ** 31 })) }),
    on: timedCases(),
    breaks: ["diverged"],
  },
  "no barrier stands before a fn": {
    claim: (claim) =>
      proxied(claim, { isAcknowledged: true, acknowledged: () => Promise.resolve() }),
    breaks: ["no effect before what it depends on is recorded", "the mark comes first"],
  },
  "no PENDING mark is written before a fn": {
    claim: (claim) => proxied(claim, { append: () => {} }),
    breaks: ["the mark comes first"],
  },
  "a clear is ignored": {
    claim: (claim) => proxied(claim, { clear: () => {} }),
    on: restlessCases(),
    breaks: ["no slot moves"],
  },
  "a clear is late": {
    claim: (claim) => lateToClear(claim),
    on: restlessCases(),
    breaks: ["no slot moves"],
  },
  "outcomes are forgotten": {
    claim: (claim) => proxied(claim, { record: () => {}, finalize: () => {} }),
    breaks: ["no effect before what it depends on is recorded"],
  },
  "a PENDING mark is overlooked on recovery": {
    run: (run) => ({ ...run, calls: run.calls.filter(isSettled) }),
    breaks: ["a reconcilable call starts once"],
  },
  "the last record is overlooked on recovery": {
    run: (run) => withoutLast(run),
    breaks: ["no execution after its record", "a record never changes"],
  },
};

describe("the oracle catches an engine in which", () => {
  it.each(Object.entries(mutants))("%s", async (_, { breaks, on = cases(), ...mutation }) => {
    const seen = new Set<string>();

    await fc
      .assert(
        fc.asyncProperty(on, async (given) => {
          const { breaches, unrest } = await runThroughCrashes(given, { mutation });
          for (const breach of breaches) seen.add(breach.replace(/:.*/s, ""));
          for (const event of unrest) seen.add(event.type);
          // Timers are real: which rule breaks first is the machine's choice.
          return breaks.every((rule) => !seen.has(rule));
        }),
        { seed: 20_301, numRuns: 300, endOnFailure: true },
      )
      .catch(() => {});

    expect(breaks).toEqual(expect.arrayContaining([expect.toSatisfy((rule) => seen.has(rule))]));
  });
});

/** The claim, but for what `lies` says. */
function proxied(claim: Claim, lies: Partial<Claim>): Claim {
  return new Proxy(claim, {
    get(target, name) {
      const value: unknown = Reflect.get(name in lies ? lies : target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Clears only after the next outcome, which then goes with the rest. */
function lateToClear(claim: Claim): Claim {
  let due = (): void => {};
  const clearNow = (): void => {
    due();
    due = () => {};
  };
  return proxied(claim, {
    clear: (from, to) => {
      due = () => claim.clear(from, to);
    },
    record: (call) => {
      claim.record(call);
      clearNow();
    },
    finalize: (call) => {
      claim.finalize(call);
      clearNow();
    },
  });
}

function withoutLast(run: ClaimedRun): ClaimedRun {
  const settled = run.calls.filter(isSettled).toSorted((a, b) => a.seq - b.seq);
  return { ...run, calls: run.calls.filter((call) => call !== settled.at(-1)) };
}
