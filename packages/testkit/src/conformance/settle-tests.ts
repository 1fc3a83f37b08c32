import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { bytes, failed, readable, settlement, succeeded } from "./sample-calls.ts";
import type { StoreTests } from "./store-test.ts";

export const settleTests: StoreTests = {
  "a run that succeeded keeps its output and drops its calls": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0));
    await claim.acknowledged();

    claim.record(succeeded(1));
    claim.settle(settlement({ payload: Buffer.from("done") }));
    await claim.acknowledged();

    const read = await t.read(run.runId);
    expect(read).toMatchObject({
      status: "SUCCEEDED",
      outcome: { status: "SUCCEEDED" },
      calls: [],
    });
    expect(bytes(read.outcome?.payload)).toBe("done");
    expect(read.settledAt).toBeGreaterThanOrEqual(read.createdAt);
  },

  "a run that failed keeps its calls and the slot it failed with": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);

    claim.record(succeeded(0));
    claim.record(failed(1));
    claim.settle(settlement({ status: "FAILED", failedSlot: 1 }));
    await claim.acknowledged();

    const read = await t.read(run.runId);
    expect(read).toMatchObject({ status: "FAILED", outcome: { status: "FAILED", failedSlot: 1 } });
    expect(readable(read.calls)).toEqual(readable([succeeded(0), failed(1)]));
  },

  "a run can fail at slot 0, and at no slot": async (t) => {
    for (const failedSlot of [0, undefined]) {
      const { claim } = await t.claimed(await t.created());
      claim.settle(settlement({ status: "FAILED", failedSlot }));
      await claim.acknowledged();

      expect((await t.read(claim.runId)).outcome?.failedSlot).toBe(failedSlot);
    }
  },

  "a run ends once: later writes of its own claim have no effect": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.settle(settlement({ status: "FAILED" }));
    await claim.acknowledged();
    const before = await t.read(run.runId);

    claim.record(succeeded(0));
    claim.settle(settlement());
    await claim.acknowledged().catch(() => {});

    expect(await t.read(run.runId)).toEqual(before);
  },

  "a settled run is gone when its retention is over, and its id is free again": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0));
    claim.settle(settlement({ status: "FAILED", retentionMs: 30 }));
    await claim.acknowledged();

    await eventually(async () => expect(await t.store.read(run.runId)).toBeUndefined());

    expect(await t.store.claim(t.delivery(run))).toEqual({ kind: "missing" });
    expect(await t.store.create({ ...run, inputDigest: "new" })).toMatchObject({ kind: "created" });
    expect((await t.claimed(run)).run).toMatchObject({ epoch: 1, calls: [] });
  },

  "a released run waits again, and its next delivery goes on with its journal": async (t) => {
    const run = await t.created();
    const first = await t.claimed(run);
    first.claim.record(succeeded(0));
    first.claim.release(4);
    await first.claim.acknowledged();
    expect((await t.read(run.runId)).status).toBe("QUEUED");

    const second = await t.claimed(run);

    expect(second.run).toMatchObject({ epoch: 2, unknownAsks: 4, suspect: 1 });
    expect(readable(second.run.calls)).toEqual(readable([succeeded(0)]));
  },

  "a released run is not handed to a late copy of the claim that released it": async (t) => {
    const run = await t.created();
    const { claim, delivery } = await t.claimed(run);
    claim.release(0);
    await claim.acknowledged();

    expect(await t.store.claim(delivery)).toEqual({ kind: "stale" });
    expect((await t.read(run.runId)).status).toBe("QUEUED");
  },

  "after a release nothing of the old claim has any effect": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.release(0);
    await claim.acknowledged();
    const before = await t.read(run.runId);

    claim.record(succeeded(0));
    await claim.acknowledged().catch(() => {});

    expect(await t.read(run.runId)).toEqual(before);
  },

  "claims without progress are counted until a write or a release": async (t) => {
    const run = await t.created();
    const suspects = [];
    for (let count = 0; count < 3; count++) suspects.push((await t.claimed(run)).run.suspect);

    const fourth = await t.claimed(run);
    fourth.claim.record(succeeded(0));
    await fourth.claim.acknowledged();
    const fifth = await t.claimed(run);
    const sixth = await t.claimed(run);
    sixth.claim.release(0);
    await sixth.claim.acknowledged();
    const seventh = await t.claimed(run);

    suspects.push(fourth.run.suspect, fifth.run.suspect, sixth.run.suspect, seventh.run.suspect);
    expect(suspects).toEqual([1, 2, 3, 4, 1, 2, 1]);
  },
};
