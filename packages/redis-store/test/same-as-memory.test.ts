import { deepStrictEqual } from "node:assert/strict";
import {
  type ActionStateStore,
  type CommitPort,
  type Group,
  type JournalEntry,
  MemoryStore,
  type NewRun,
} from "@refrain/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { newRun, openStore, sampleCall } from "./store-bench.ts";

const FIXED_SEED = 20_260;

interface Side {
  readonly store: ActionStateStore;
  readonly port: CommitPort;
}

const bytes = sampleCall();
const nonce = fc.constantFrom("a", "b", "c 1");

const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({ op: fc.constant("record" as const), slot: fc.nat(2), bytes: fc.constant(bytes) }),
  fc.record({ op: fc.constant("clear" as const), from: fc.nat(2), to: fc.constant(2) }),
);

const release = fc.record({ op: fc.constant("release" as const), unknownAsks: fc.nat(2) });
const settle = fc.record({
  op: fc.constant("settle" as const),
  settlement: fc.record({
    status: fc.constantFrom("FAILED" as const, "CANCELLED" as const, "SUCCEEDED" as const),
    payload: fc.constant(bytes),
    failedSlot: fc.option(fc.nat(2), { nil: undefined }),
    retentionMs: fc.constant(600_000),
  }),
});
const end = fc.option(fc.oneof({ weight: 2, arbitrary: release }, settle), { freq: 4 });

const claim = fc.record({
  act: fc.constant("claim" as const),
  nonce,
  jobTimestamp: fc.nat(1),
  attemptsStarted: fc.integer({ min: 1, max: 3 }),
  incarnation: fc.nat(1),
});
/** `off` is how far its number is from the claim's next; without a nonce it is by whoever claimed last. */
const write = fc.record({
  act: fc.constant("write" as const),
  nonce: fc.option(nonce, { freq: 4, nil: undefined }),
  off: fc.constantFrom(0, 0, 0, 0, -1, -2, 1),
  entries: fc
    .tuple(fc.array(entry, { maxLength: 3 }), end)
    .map(([first, last]) => (last === null ? first : first.concat(last))),
});
const reopen = fc.record({
  act: fc.constant("reopen" as const),
  requestId: fc.constantFrom("x", "y", "z"),
  off: fc.constantFrom(0, 0, 1),
});
const step = fc.oneof(
  { weight: 2, arbitrary: claim },
  { weight: 6, arbitrary: write },
  { weight: 1, arbitrary: reopen },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is asked of both stores for one run. */
class Twins {
  readonly #sides: readonly Side[];
  readonly #run: NewRun = newRun();
  readonly #written = new Map<string, number>();
  #claimedBy = "a";

  constructor(sides: readonly Side[]) {
    this.#sides = sides;
  }

  /** Both must say the same, but of when that was. */
  async ask<T>(how: (side: Side) => Promise<T>): Promise<T | undefined> {
    const [ours, theirs] = await Promise.all(this.#sides.map(how));
    deepStrictEqual(timeless(ours), timeless(theirs));
    return ours;
  }

  create(): Promise<unknown> {
    return this.ask(({ store }) => store.create(this.#run));
  }

  async take(next: Step): Promise<void> {
    const { runId, action, queue } = this.#run;
    if (next.act === "reopen") {
      const { requestId, off } = next;
      const v = ((await this.read())?.v ?? 0) + off;
      const reopening = { runId, requestId, v, call: undefined, reopened: [] };
      await this.ask(({ store }) => store.reopen(reopening));
    } else if (next.act === "claim") {
      const { act: kind, ...by } = next;
      const reply = await this.#send({ kind, delivery: { runId, action, queue, ...by } });
      if (reply?.word !== "claimed") return;
      if (by.nonce !== this.#claimedBy) this.#written.delete(by.nonce);
      this.#claimedBy = by.nonce;
    } else {
      const { act: kind, nonce: by = this.#claimedBy, off, entries } = next;
      const n = Math.max(1, (this.#written.get(by) ?? 0) + 1 + off);
      const reply = await this.#send({ kind, runId, nonce: by, n, entries });
      if (reply?.word === "applied") this.#written.set(by, n);
    }
  }

  read() {
    return this.ask(({ store }) => store.read(this.#run.runId));
  }

  #send(group: Group) {
    return this.ask(async ({ port }) => (await port.send([group]))[0]);
  }
}

function timeless(said: unknown): unknown {
  return JSON.parse(
    JSON.stringify(said, (key, value) =>
      /^(?:createdAt|settledAt)$/.test(key) ? "then" : value,
    ) ?? "null",
  );
}

it("any claims, writes and reopenings of a run are answered as they are in memory, and leave the same run", async () => {
  await using bench = await openStore();
  const ports: CommitPort[] = [];
  const memory = new MemoryStore({ wrapPort: (port) => ports[ports.push(port) - 1] ?? port });
  const [port] = ports;
  if (port === undefined) throw new Error("the store has no port");
  const sides = [bench, { store: memory, port }];

  const holds = fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
    const twins = new Twins(sides);
    await twins.create();
    for (const next of steps) await twins.take(next);
    await twins.read();
  });

  await expect(fc.assert(holds, { seed: FIXED_SEED, numRuns: 60 })).resolves.toBeUndefined();
  await expect(fc.assert(holds, { numRuns: 60 })).resolves.toBeUndefined();
}, 60_000);
