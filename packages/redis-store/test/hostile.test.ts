import type { Group } from "@refrain/core";
import { describe, expect, it } from "vitest";
import {
  claimedRun,
  claimOf,
  deliveryOf,
  newRun,
  openStore,
  recordGroup,
  type StoreBench,
  words,
} from "./store-bench.ts";

/** What somebody may have done to a run's keys, and what that refuses. */
const DAMAGES: Readonly<Record<string, (bench: StoreBench, runId: string) => Promise<unknown>>> = {
  "a run that is no hash": async ({ redis, keys }, runId) => {
    await redis.del(keys.of(runId).run);
    return redis.set(keys.of(runId).run, "text");
  },
  "calls that are no hash": ({ redis, keys }, runId) => redis.set(keys.of(runId).calls, "text"),
  "a group's number that is none": ({ redis, keys }, runId) =>
    redis.hset(keys.of(runId).run, "fence", "nonce many"),
};

describe("one run's damage", () => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    it(`(${what}) refuses its own groups and no other of the batch`, async () => {
      await using bench = await openStore();
      const [before, bad, after] = [
        await claimedRun(bench),
        await claimedRun(bench),
        await claimedRun(bench),
      ];
      await damage(bench, bad.run.runId);

      const replies = await bench.port.send([
        recordGroup(before.delivery, 1),
        recordGroup(bad.delivery, 1),
        recordGroup(after.delivery, 1),
      ]);

      expect(words(replies)).toEqual(["same", "refused", "applied"]);
      expect(replies[1]).toMatchObject({ error: { code: "STORE", isTransient: false } });
      for (const { run } of [before, after]) {
        expect((await bench.store.read(run.runId))?.calls).toHaveLength(1);
      }
    });
  }

  it("that took the run and left its calls leaves nothing to settle, and a new run of that id is nobody's", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    const release: Group = {
      kind: "write",
      runId,
      nonce,
      n: 2,
      entries: [{ op: "release", unknownAsks: 0 }],
    };
    await bench.port.send([recordGroup(delivery, 1)]);
    await bench.redis.del(bench.keys.of(runId).run);

    expect(words(await bench.port.send([release]))).toEqual(["fenced"]);
    expect(await bench.redis.exists(bench.keys.of(runId).run)).toBe(0);
    await bench.store.create(run);
    expect(words(await bench.port.send([recordGroup(delivery, 2)]))).toEqual(["fenced"]);
  });

  it("is told with the claim, so that its run can be settled, and keeps it from being read", async () => {
    await using bench = await openStore();
    const { run } = await claimedRun(bench);
    await bench.redis.hset(bench.keys.of(run.runId).calls, "-1", "bytes");

    const reply = await bench.store.claim(deliveryOf(run, { attemptsStarted: 2 }));

    const message = expect.stringContaining('its journal holds "-1"');
    expect(reply).toMatchObject({ kind: "claimed", run: { calls: [], unreadable: { message } } });
    await expect(bench.store.read(run.runId)).rejects.toThrow(`run ${run.runId} cannot be read`);
  });

  it("is never taken for a word of ours", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    await bench.redis.hset(bench.keys.of(run.runId).run, { status: "APPLIED", createdAt: "soon" });

    const reply = await claimOf(bench.port, deliveryOf(run));

    expect(reply).toMatchObject({ word: "refused" });
    await expect(bench.store.read(run.runId)).rejects.toThrow(/createdAt is not a whole number/);
  });

  it("of its job's count of deliveries keeps the run from nobody", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.store.create(run);
    const jobTimestamp = -1.5e21;

    for (const attemptsStarted of [-7.5, -2]) {
      const reply = await claimOf(bench.port, deliveryOf(run, { jobTimestamp, attemptsStarted }));

      expect(reply).toMatchObject({ word: "claimed" });
      expect(await bench.store.read(run.runId)).toMatchObject({ status: "RUNNING" });
    }
    const late = deliveryOf(run, { jobTimestamp, attemptsStarted: -3 });
    expect(await claimOf(bench.port, late)).toEqual({ word: "stale" });
  });

  it("does not keep other runs from being listed and pruned", async () => {
    await using bench = await openStore();
    const [good, ghost, bad] = [newRun(), newRun(), newRun()];
    for (const run of [good, ghost, bad]) await bench.store.create(run);
    await bench.redis.del(bench.keys.of(ghost.runId).run);
    await bench.redis.hset(bench.keys.of(bad.runId).run, {
      status: "FAILED",
      settledAt: "long ago",
    });

    const live = await bench.store.rebuild();
    const pruned = await bench.store.prune(Date.now() + 1000);

    expect(live.map(({ runId }) => runId)).toContain(good.runId);
    expect(live.map(({ runId }) => runId)).not.toContain(ghost.runId);
    expect(await bench.redis.zscore(bench.keys.live, ghost.runId)).toBeNull();
    expect(pruned).toBe(0);
  });
});
