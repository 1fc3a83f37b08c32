import { expect } from "vitest";
import { bytes, settlement, succeeded } from "./sample-calls.ts";
import { randomId, type StoreTests } from "./store-test.ts";

export const createTests: StoreTests = {
  "a created run waits, with all that was asked for and nothing else": async (t) => {
    const before = Date.now();
    const run = await t.created({ input: Uint8Array.of(0, 1, 255, 128) });

    const read = await t.read(run.runId);

    const { runId, action, version, queue } = run;
    expect(read).toMatchObject({ runId, action, version, queue, status: "QUEUED", epoch: 0 });
    expect(bytes(read.input)).toBe(bytes(run.input));
    expect(read.calls).toEqual([]);
    expect([read.outcome, read.settledAt]).toEqual([undefined, undefined]);
    expect(Math.abs(read.createdAt - before)).toBeLessThan(10_000);
  },

  "asking for the same run again finds it": async (t) => {
    const run = await t.created();

    const again = await t.store.create({ ...run, requestId: randomId() });

    expect(again).toMatchObject({ kind: "existing" });
  },

  "a request that is sent twice is told twice that it created the run": async (t) => {
    const run = await t.created();

    expect(await t.store.create(run)).toMatchObject({ kind: "created" });
    await t.claimed(run);
    expect(await t.store.create(run)).toMatchObject({ kind: "created" });
  },

  "a late copy of a request changes nothing": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0));
    await claim.acknowledged();
    const before = await t.read(run.runId);

    await t.store.create(run);

    expect(await t.read(run.runId)).toEqual(before);
  },

  "one id with another input or another action is a conflict that names what is there": async (
    t,
  ) => {
    const run = await t.created();
    const there = { kind: "conflict", action: run.action, inputDigest: run.inputDigest };

    const otherInput = { ...run, requestId: randomId(), inputDigest: "another" };
    const otherAction = { ...run, requestId: randomId(), action: "another" };

    expect(await t.store.create(otherInput)).toEqual(there);
    expect(await t.store.create(otherAction)).toEqual(there);
    expect((await t.read(run.runId)).action).toBe(run.action);
  },

  "of many requests for one id at once, one creates the run": async (t) => {
    const run = t.newRun();
    const requests = Array.from({ length: 50 }, () => ({ ...run, requestId: randomId() }));

    const replies = await Promise.all(requests.map((request) => t.store.create(request)));

    expect(replies.filter(({ kind }) => kind === "created")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "existing")).toHaveLength(49);
  },

  "a settled run is still found": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.settle(settlement());
    await claim.acknowledged();

    expect(await t.store.create({ ...run, requestId: randomId() })).toMatchObject({
      kind: "existing",
    });
    expect(await t.store.create(run)).toMatchObject({ kind: "created" });
    expect((await t.read(run.runId)).status).toBe("SUCCEEDED");
  },

  "ids that look like parts of keys name runs of their own": async (t) => {
    const ids = ["x", "x:calls", "x:calls:calls", "{x}", "}{", ":", "live", "ünï cødé \n", "0"];
    const runs = await Promise.all(ids.map((runId) => t.created({ runId, inputDigest: runId })));

    for (const run of runs) {
      const { claim } = await t.claimed(run);
      claim.record(succeeded(0, { functionId: `f ${run.runId}` }));
      await claim.acknowledged();
    }

    for (const run of runs) {
      const { calls } = await t.read(run.runId);
      expect(calls.map((call) => call.functionId)).toEqual([`f ${run.runId}`]);
    }
  },

  "inputs are bytes of any content and length": async (t) => {
    const inputs = [new Uint8Array(0), Buffer.alloc(1024 * 1024, 0xa5), Buffer.from([0, 10, 13])];

    for (const input of inputs) {
      const run = await t.created({ input });
      const claimed = await t.claimed(run);
      expect(Buffer.compare(claimed.run.input, input)).toBe(0);
    }
  },
};
