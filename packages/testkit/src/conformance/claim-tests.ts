import { expect } from "vitest";
import { bytes, readable, settlement, succeeded } from "./sample-calls.ts";
import { randomId, type StoreTests } from "./store-test.ts";

export const claimTests: StoreTests = {
  "the first claim starts from an empty journal": async (t) => {
    const run = await t.created();

    const { claim, run: claimed } = await t.claimed(run);

    expect(claim).toMatchObject({ runId: run.runId, epoch: 1, isAcknowledged: true });
    expect(claimed).toMatchObject({
      runId: run.runId,
      action: run.action,
      version: run.version,
      epoch: 1,
      calls: [],
      journalBytes: 0,
      clears: 0,
      suspect: 1,
      unknownAsks: 0,
    });
    expect(bytes(claimed.input)).toBe(bytes(run.input));
    const read = await t.read(run.runId);
    expect(read).toMatchObject({ status: "RUNNING", epoch: 1 });
    expect([claimed.createdAt, claimed.generation]).toEqual([read.createdAt, read.generation]);
  },

  "a claim that is asked for twice is the same claim, with the journal as it is by then": async (
    t,
  ) => {
    const run = await t.created();
    const { claim, delivery } = await t.claimed(run);
    claim.record(succeeded(0));
    await claim.acknowledged();
    const before = await t.read(run.runId);

    const again = await t.store.claim(delivery);

    expect(again).toMatchObject({ kind: "claimed", run: { epoch: 1 } });
    expect(again.kind === "claimed" && readable(again.run.calls)).toEqual(readable(before.calls));
    expect(await t.read(run.runId)).toEqual(before);
  },

  "a newer delivery of the job takes the run over, journal and all": async (t) => {
    const run = await t.created();
    const first = await t.claimed(run);
    first.claim.record(succeeded(0));
    await first.claim.acknowledged();

    const second = await t.claimed(run);

    expect(second.run.epoch).toBe(2);
    expect(readable(second.run.calls)).toEqual(readable([succeeded(0)]));
  },

  "deliveries that the run moved on from are stale": async (t) => {
    const run = await t.created();
    const older = t.delivery(run);
    const newer = await t.claimed(run);

    expect(await t.store.claim(older)).toEqual({ kind: "stale" });
    const again = await t.claimed(run);
    expect(await t.store.claim(newer.delivery)).toEqual({ kind: "stale" });
    expect(await t.store.claim(again.delivery)).toMatchObject({ kind: "claimed" });
  },

  "a job that was added anew takes over although it was handed out less often": async (t) => {
    const run = await t.created();
    const old = await t.claimed(run, { jobTimestamp: 1000, attemptsStarted: 5 });

    const fresh = await t.claimed(run, { jobTimestamp: 900, attemptsStarted: 1, incarnation: 1 });

    expect(fresh.run.epoch).toBe(2);
    const redelivered = { ...old.delivery, nonce: randomId(), attemptsStarted: 6 };
    expect(await t.store.claim(redelivered)).toEqual({ kind: "stale" });
    expect(await t.store.claim({ ...redelivered, incarnation: 1 })).toEqual({ kind: "stale" });
  },

  "a job of an earlier incarnation is stale whatever its time": async (t) => {
    const run = await t.created();
    await t.claimed(run, { jobTimestamp: 1000, incarnation: 3 });

    const earlier = t.delivery(run, { jobTimestamp: 2000, incarnation: 2 });

    expect(await t.store.claim(earlier)).toEqual({ kind: "stale" });
  },

  "nonces that the run moved on from are remembered for a while": async (t) => {
    const run = await t.created();
    const claims = [];
    for (let count = 0; count < 12; count++) claims.push(await t.claimed(run));

    for (const { delivery } of claims.slice(0, -1)) {
      // A copy of the old request whose other fields would pass.
      const copy = { ...delivery, attemptsStarted: 100 };
      expect(await t.store.claim(copy)).toEqual({ kind: "stale" });
    }
    expect((await t.read(run.runId)).epoch).toBe(12);
  },

  "a delivery of another queue or action is foreign, and learns whose the run is": async (t) => {
    const run = await t.created();
    const owner = { kind: "foreign", action: run.action, queue: run.queue };

    expect(await t.store.claim(t.delivery(run, { queue: "other" }))).toEqual(owner);
    expect(await t.store.claim(t.delivery(run, { action: "other" }))).toEqual(owner);
    expect((await t.read(run.runId)).status).toBe("QUEUED");
  },

  "a delivery without a run is told so": async (t) => {
    expect(await t.store.claim(t.delivery(t.newRun()))).toEqual({ kind: "missing" });
  },

  "a settled run answers its outcome to every further delivery": async (t) => {
    const run = await t.created();
    const { claim, delivery } = await t.claimed(run);
    claim.settle(settlement({ status: "FAILED", payload: Buffer.from("no"), failedSlot: 3 }));
    await claim.acknowledged();
    const before = await t.read(run.runId);

    const replies = [await t.store.claim(delivery), await t.store.claim(t.delivery(run))];

    for (const reply of replies) {
      expect(reply).toMatchObject({
        kind: "settled",
        outcome: { status: "FAILED", failedSlot: 3 },
      });
      expect(reply.kind === "settled" && bytes(reply.outcome.payload)).toBe("no");
    }
    expect(await t.read(run.runId)).toEqual(before);
  },

  "claims that leave together get each its own answer": async (t) => {
    const runs = await Promise.all([t.created(), t.created(), t.created()]);
    const gone = t.newRun();

    const replies = await Promise.all(
      [runs[0], gone, runs[1], runs[2]].map((run) => t.store.claim(t.delivery(run ?? gone))),
    );

    expect(replies.map(({ kind }) => kind)).toEqual(["claimed", "missing", "claimed", "claimed"]);
    const claimed = replies.flatMap((reply) => (reply.kind === "claimed" ? [reply.run.runId] : []));
    expect(claimed).toEqual(runs.map((run) => run.runId));
  },
};
