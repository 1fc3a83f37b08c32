import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { settlement, succeeded } from "./sample-calls.ts";
import type { StoreTest, StoreTests } from "./store-test.ts";

export const readTests: StoreTests = {
  "a run that never was is undefined": async (t) => {
    expect(await t.store.read(t.newRun().runId)).toBeUndefined();
  },

  "the journal is left out when nobody asks for it": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0));
    await claim.acknowledged();

    const read = await t.store.read(run.runId, { calls: false });

    expect(read).toMatchObject({ status: "RUNNING", calls: [] });
  },

  "rebuild lists live runs, oldest first, each with what its job needs": async (t) => {
    const [first, second, third, fourth] = [
      await t.created(),
      await t.created({ queue: "other", action: "another", version: "" }),
      await t.created(),
      await t.created(),
    ];
    await t.claimed(second);
    await settle(t, third);
    const released = await t.claimed(fourth);
    released.claim.release(0);
    await released.claim.acknowledged();

    const live = await t.store.rebuild();

    const expected = [first, second, fourth].map(({ runId, action, version, queue }) => {
      return expect.objectContaining({ runId, action, version, queue });
    });
    expect(sortedByAge(live, [first, second, fourth])).toEqual(expected);
  },

  "rebuild lists page by page, every run once": async (t) => {
    const runs = [];
    for (let count = 0; count < 7; count++) runs.push(await t.created());

    const pages = [];
    for (const offset of [0, 3, 6, 9]) pages.push(await t.store.rebuild({ offset, limit: 3 }));

    expect(pages.map((page) => page.length)).toEqual([3, 3, 1, 0]);
    const listed = pages.flat().map(({ runId }) => runId);
    expect(new Set(listed)).toEqual(new Set(runs.map(({ runId }) => runId)));
    expect(await t.store.rebuild({ offset: 3, limit: 3 })).toEqual(pages[1]);
  },

  "rebuild tells which runs are under way, and which job was claimed last": async (t) => {
    const [waits, runs, released] = [await t.created(), await t.created(), await t.created()];
    await t.claimed(runs, { incarnation: 3 });
    const { claim } = await t.claimed(released, { incarnation: 4 });
    claim.release(0);
    await claim.acknowledged();

    const live = sortedByAge(await t.store.rebuild(), [waits, runs, released]);

    const told = live.map(({ isRunning, incarnation }) => [isRunning, incarnation]);
    expect(told).toEqual([
      [false, 0],
      [true, 3],
      [false, 4],
    ]);
  },

  "a run keeps the time before which it must not start, and its priority": async (t) => {
    const [timed, plain] = [await t.created({ delayMs: 60_000, priority: 7 }), await t.created()];

    const read = await Promise.all([t.read(timed.runId), t.read(plain.runId)]);
    const live = sortedByAge(await t.store.rebuild(), [timed, plain]);

    const timing = { notBefore: (read[0]?.createdAt ?? 0) + 60_000, priority: 7 };
    const none = { notBefore: undefined, priority: undefined };
    expect(read).toMatchObject([timing, none]);
    expect(live).toMatchObject([timing, none]);
    expect(live.map(({ createdAt }) => createdAt)).toEqual(read.map(({ createdAt }) => createdAt));
  },

  "rebuild lists one shard when asked for it": async (t) => {
    const run = await t.created();
    const shard = (await t.store.read(run.runId))?.shard ?? Number.NaN;

    const live = await t.store.rebuild({ shard });
    const none = await t.store.rebuild({ shard: shard + 1 });

    expect(live).toMatchObject([{ runId: run.runId, shard }]);
    expect(none).toEqual([]);
  },

  "prune deletes runs settled before a moment, and neither later nor live ones": async (t) => {
    const [early, late, live] = [await t.created(), await t.created(), await t.created()];
    const claim = await t.claimed(live);
    const settledAt = (await settle(t, early)).settledAt ?? Number.NaN;
    const cutoff = await eventually(async () => {
      const probe = await settle(t, await t.created());
      if (!((probe.settledAt ?? 0) > settledAt)) throw new Error("the same millisecond");
      return probe.settledAt ?? 0;
    });
    await settle(t, late);

    const before = await t.store.prune(settledAt);
    const pruned = await t.store.prune(cutoff);

    expect([before, pruned > 0]).toEqual([0, true]);
    expect(await t.store.read(early.runId)).toBeUndefined();
    expect(await t.store.claim(t.delivery(early))).toEqual({ kind: "missing" });
    expect((await t.read(late.runId)).status).toBe("SUCCEEDED");
    claim.claim.record(succeeded(0));
    await claim.claim.acknowledged();
    expect(await t.store.prune(cutoff)).toBe(0);
  },

  "a live run is never pruned, however old": async (t) => {
    const runs = [await t.created(), await t.created(), await t.created()];
    const [, claimed, released] = runs;
    if (claimed) await t.claimed(claimed);
    if (released) {
      const { claim } = await t.claimed(released);
      claim.release(0);
      await claim.acknowledged();
    }

    expect(await t.store.prune(Date.now() + 1_000_000)).toBe(0);

    const read = await Promise.all(runs.map((run) => t.read(run.runId)));
    expect(read.map(({ status }) => status)).toEqual(["QUEUED", "RUNNING", "QUEUED"]);
  },
};

async function settle(t: StoreTest, run: Parameters<StoreTest["claimed"]>[0]) {
  const { claim } = await t.claimed(run);
  claim.settle(settlement());
  await claim.acknowledged();
  return t.read(run.runId);
}

/** Runs created in one millisecond have no order among themselves. */
function sortedByAge<T extends { readonly runId: string }>(
  listed: readonly T[],
  created: readonly { readonly runId: string }[],
): T[] {
  const age = (run: T): number => created.findIndex(({ runId }) => runId === run.runId);
  return listed.toSorted((a, b) => age(a) - age(b));
}
