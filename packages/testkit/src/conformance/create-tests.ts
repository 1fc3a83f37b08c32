import type { NewRun } from "@refrain/core";
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

  "many runs at once are each told what it would be told alone, in turn": async (t) => {
    const there = await t.created({ inputDigest: "there" });
    const [fresh, other] = [t.newRun(), t.newRun()];
    const runs: readonly NewRun[] = [
      fresh,
      { ...there, requestId: randomId() },
      { ...there, requestId: randomId(), inputDigest: "another" },
      there,
      other,
      { ...other, requestId: randomId() },
      { ...fresh, requestId: randomId(), action: "another" },
    ];

    const created = await t.store.createMany(runs);

    const { action } = fresh;
    expect(created.map((each) => (each.status === "fulfilled" ? each.value : each))).toMatchObject([
      { kind: "created" },
      { kind: "existing" },
      { kind: "conflict", action, inputDigest: "there" },
      { kind: "created" },
      { kind: "created" },
      { kind: "existing" },
      { kind: "conflict", action, inputDigest: fresh.inputDigest },
    ]);
    for (const { runId } of [fresh, other]) {
      expect(await t.read(runId)).toMatchObject({ status: "QUEUED", action });
    }
    const live = await t.store.rebuild();
    const ids = [there, fresh, other].map(({ runId }) => runId);
    expect(live.map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
  },

  "many runs keep what is theirs, and can be asked for twice": async (t) => {
    const runs = Array.from({ length: 120 }, (_, n) =>
      t.newRun({ input: Uint8Array.of(n), version: n % 2 === 0 ? "" : `v${n}`, priority: n + 1 }),
    );

    const first = await t.store.createMany(runs);
    const second = await t.store.createMany(runs);

    const all = runs.map(() => ({ status: "fulfilled", value: { kind: "created" } }));
    expect(first).toMatchObject(all);
    expect(second).toMatchObject(all);
    const live = new Map((await t.store.rebuild()).map((run) => [run.runId, run]));
    for (const { runId, input, version, priority } of runs) {
      const read = await t.read(runId);
      expect([bytes(read.input), read.version]).toEqual([bytes(input), version]);
      expect(live.get(runId)).toMatchObject({ priority });
    }
    expect(await t.store.createMany([])).toEqual([]);
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
