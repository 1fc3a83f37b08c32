import { expect } from "vitest";
import { failed, pending, readable, succeeded } from "./sample-calls.ts";
import type { StoreTests } from "./store-test.ts";

export const journalTests: StoreTests = {
  "an appended call is PENDING, with everything it was started with": async (t) => {
    const { claim } = await t.claimed(await t.created());
    const call = pending(0, { functionId: "mail.send/ü", argsDigest: "", after: 3 });

    claim.append(call);
    await claim.acknowledged();

    expect((await t.read(claim.runId)).calls).toEqual([call]);
  },

  "finalize puts an outcome in place of the mark": async (t) => {
    const { claim } = await t.claimed(await t.created());

    claim.append(pending(0));
    await claim.acknowledged();
    claim.finalize(succeeded(0));
    await claim.acknowledged();

    expect(readable((await t.read(claim.runId)).calls)).toEqual(readable([succeeded(0)]));
  },

  "record writes success and failure of calls that had no mark": async (t) => {
    const { claim } = await t.claimed(await t.created());

    claim.record(succeeded(0));
    claim.record(failed(1));
    await claim.acknowledged();

    const { calls } = await t.read(claim.runId);
    expect(readable(calls)).toEqual(readable([succeeded(0), failed(1)]));
  },

  "calls are listed by slot, whatever the order of their outcomes, holes left out": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);

    for (const slot of [11, 2, 0, 9]) claim.record(succeeded(slot, { seq: 11 - slot }));
    await claim.acknowledged();

    const slots = [0, 2, 9, 11];
    expect((await t.read(run.runId)).calls.map((call) => call.slot)).toEqual(slots);
    const again = await t.claimed(run);
    expect(again.run.calls.map((call) => call.slot)).toEqual(slots);
  },

  "clear drops the slots from first to last and no other": async (t) => {
    const { claim } = await t.claimed(await t.created());
    for (const slot of [0, 1, 2, 3, 4, 10]) claim.record(succeeded(slot));

    claim.clear(1, 4);
    await claim.acknowledged();

    expect((await t.read(claim.runId)).calls.map((call) => call.slot)).toEqual([0, 10]);
  },

  "what follows a clear in the same tick stays": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0, { functionId: "old" }));
    claim.record(succeeded(1, { functionId: "old" }));
    await claim.acknowledged();

    claim.clear(0, 1);
    claim.append(pending(0, { functionId: "new" }));
    claim.finalize(succeeded(0, { functionId: "new" }));
    await claim.acknowledged();

    const { calls } = await t.read(run.runId);
    expect(readable(calls)).toEqual(readable([succeeded(0, { functionId: "new" })]));
  },

  "clears are counted over all attempts": async (t) => {
    const run = await t.created();
    const first = await t.claimed(run);
    first.claim.record(succeeded(0));
    first.claim.clear(0, 0);
    first.claim.clear(0, 5);
    await first.claim.acknowledged();

    const second = await t.claimed(run);
    second.claim.clear(0, 0);
    await second.claim.acknowledged();

    expect(second.run.clears).toBe(2);
    expect((await t.claimed(run)).run.clears).toBe(3);
  },

  "writes take effect in the order made, over many batches": async (t) => {
    const { claim } = await t.claimed(await t.created());

    for (let round = 0; round < 20; round++) {
      claim.clear(0, 0);
      claim.append(pending(0, { functionId: `round ${round}` }));
      if (round % 5 === 4) await claim.acknowledged();
    }

    const { calls } = await t.read(claim.runId);
    expect(calls).toEqual([pending(0, { functionId: "round 19" })]);
  },

  "a write is acknowledged only after it took effect": async (t) => {
    const { claim } = await t.claimed(await t.created());
    expect(claim.isAcknowledged).toBe(true);
    await claim.acknowledged();

    claim.record(succeeded(0));
    expect(claim.isAcknowledged).toBe(false);
    await claim.acknowledged();

    expect(claim.isAcknowledged).toBe(true);
    expect((await t.read(claim.runId)).calls).toHaveLength(1);
  },

  "waiting before and after a further write waits for each": async (t) => {
    const { claim } = await t.claimed(await t.created());

    claim.record(succeeded(0));
    const first = claim.acknowledged();
    claim.record(succeeded(1));
    const second = claim.acknowledged();
    await Promise.all([first, second, claim.acknowledged()]);

    expect((await t.read(claim.runId)).calls).toHaveLength(2);
  },

  "writes of many runs in one tick reach each its own journal": async (t) => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => t.created()));
    const claims = await Promise.all(runs.map((run) => t.claimed(run)));

    for (const { claim } of claims) claim.append(pending(0, { functionId: claim.runId }));
    for (const { claim } of claims.slice(0, 10)) {
      claim.finalize(succeeded(0, { functionId: claim.runId }));
    }
    await Promise.all(claims.map(({ claim }) => claim.acknowledged()));

    for (const [index, run] of runs.entries()) {
      const status = index < 10 ? "SUCCEEDED" : "PENDING";
      const { calls } = await t.read(run.runId);
      expect(calls).toMatchObject([{ slot: 0, functionId: run.runId, status }]);
    }
  },

  "the version counter rises by one for each claim and each group of writes": async (t) => {
    const run = await t.created();
    const versions = [(await t.read(run.runId)).v];

    const { claim } = await t.claimed(run);
    versions.push((await t.read(run.runId)).v);
    for (const slot of [0, 1, 2]) {
      claim.append(pending(slot));
      claim.finalize(succeeded(slot));
      await claim.acknowledged();
      versions.push((await t.read(run.runId)).v);
    }

    const [first = 0] = versions;
    expect(versions).toEqual([first, first + 1, first + 2, first + 3, first + 4]);
  },
};
