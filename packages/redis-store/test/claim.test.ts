import type { Delivery } from "@refrain/core";
import { describe, expect, it } from "vitest";
import {
  claimedRun,
  claimOf,
  deliveryOf,
  newRun,
  openStore,
  randomId,
  recordGroup,
} from "./store-bench.ts";

/** A run of incarnation 2 whose job, added at 1000, was handed out for the third time. */
const CURRENT = { jobTimestamp: 1000, attemptsStarted: 3, incarnation: 2 };

const VERDICTS: readonly (readonly [string, Partial<Delivery>, string])[] = [
  ["the next try of the same job", { ...CURRENT, attemptsStarted: 4 }, "claimed"],
  ["another processor's try of the same number", { ...CURRENT }, "claimed"],
  ["an older try of the same job", { ...CURRENT, attemptsStarted: 2 }, "stale"],
  ["an older try, its number longer in digits", { ...CURRENT, attemptsStarted: 1 }, "stale"],
  ["the job, added anew", { jobTimestamp: 2000, attemptsStarted: 1, incarnation: 3 }, "claimed"],
  [
    "the job, added anew by a clock that is behind",
    { jobTimestamp: 500, attemptsStarted: 1, incarnation: 3 },
    "claimed",
  ],
  [
    "another job of the same incarnation",
    { jobTimestamp: 2000, attemptsStarted: 1, incarnation: 2 },
    "claimed",
  ],
  [
    "a job of an older incarnation",
    { jobTimestamp: 2000, attemptsStarted: 9, incarnation: 1 },
    "stale",
  ],
  ["another action's job", { ...CURRENT, action: "refund" }, "foreign"],
  ["another queue's job", { ...CURRENT, queue: "slow" }, "foreign"],
  ["another queue's job, older too", { ...CURRENT, queue: "slow", incarnation: 0 }, "foreign"],
];

describe("a claim by", () => {
  for (const [what, overrides, word] of VERDICTS) {
    it(`${what} is ${word}`, async () => {
      await using bench = await openStore();
      const run = newRun();
      await bench.store.create(run);
      await claimOf(bench.port, deliveryOf(run, CURRENT));

      const reply = await claimOf(bench.port, deliveryOf(run, overrides));

      expect(reply.word).toBe(word);
    });
  }

  it("the tenth try beats the ninth: numbers are compared, not texts", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    await claimOf(bench.port, deliveryOf(run, { attemptsStarted: 9 }));

    const tenth = await claimOf(bench.port, deliveryOf(run, { attemptsStarted: 10 }));
    const ninth = await claimOf(bench.port, deliveryOf(run, { attemptsStarted: 9 }));

    expect([tenth.word, ninth.word]).toEqual(["claimed", "stale"]);
  });
});

describe("a run moves on from", () => {
  it("the last 16 nonces and forgets older ones", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    const nonces = Array.from({ length: 18 }, () => randomId());
    for (const nonce of nonces) await claimOf(bench.port, deliveryOf(run, { nonce }));

    const remembered = await bench.redis.hget(bench.keys.of(run.runId).run, "nonces");
    const stale = await claimOf(bench.port, deliveryOf(run, { nonce: nonces[1] ?? "" }));
    const forgotten = await claimOf(bench.port, deliveryOf(run, { nonce: nonces[0] ?? "" }));

    expect(remembered).toBe(`\n${nonces.slice(1, 17).join("\n")}\n`);
    expect([stale.word, forgotten.word]).toEqual(["stale", "claimed"]);
  });

  it("the last 16 jobs, however often the present one is handed out", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    for (let i = 0; i < 18; i++)
      await claimOf(bench.port, deliveryOf(run, { jobTimestamp: 100 + i }));
    for (let i = 2; i < 30; i++) {
      await claimOf(bench.port, deliveryOf(run, { jobTimestamp: 117, attemptsStarted: i }));
    }

    const words = [];
    for (const jobTimestamp of [101, 116, 117, 100]) {
      const late = deliveryOf(run, { jobTimestamp, attemptsStarted: 99 });
      words.push((await claimOf(bench.port, late)).word);
    }

    expect(words).toEqual(["stale", "stale", "claimed", "claimed"]);
  });

  it("a nonce that is part of another is another", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    for (const nonce of ["abcdef", "ghi"]) await claimOf(bench.port, deliveryOf(run, { nonce }));

    expect((await claimOf(bench.port, deliveryOf(run, { nonce: "bcd" }))).word).toBe("claimed");
  });
});

describe("a claimed run", () => {
  it("counts v once per claim and per group of writes", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const seen = [(await bench.store.read(run.runId))?.v];

    await bench.port.send([recordGroup(delivery, 1, { count: 3 })]);
    seen.push((await bench.store.read(run.runId))?.v);
    await bench.port.send([recordGroup(delivery, 1, { count: 3 })]);
    await claimOf(bench.port, delivery);
    seen.push((await bench.store.read(run.runId))?.v);
    await claimOf(bench.port, deliveryOf(run, { attemptsStarted: 2 }));
    seen.push((await bench.store.read(run.runId))?.v);

    expect(seen).toEqual([1, 2, 2, 3]);
  });

  it("never has a TTL", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    await bench.port.send([recordGroup(delivery, 1)]);

    const { run: key, calls } = bench.keys.of(run.runId);
    expect([await bench.redis.pttl(key), await bench.redis.pttl(calls)]).toEqual([-1, -1]);
  });
});
