import { describe, expect, it } from "vitest";
import {
  claimedRun,
  claimOf,
  deliveryOf,
  openStore,
  recordGroup,
  sampleCall,
} from "./store-bench.ts";

const KIB = Buffer.alloc(1024, 7);

describe("a journal over 256 KiB", () => {
  it("does not come with the claim, but after it", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    await bench.port.send([recordGroup(delivery, 1, { count: 300, bytes: sampleCall(KIB) })]);
    const second = deliveryOf(run, { attemptsStarted: 2 });

    const bare = await claimOf(bench.port, second);
    const claimed = await bench.store.claim(second);

    expect(bare).toMatchObject({ word: "claimed", run: { calls: [] } });
    const calls = claimed.kind === "claimed" ? claimed.run.calls : [];
    expect(calls.map((call) => call.slot)).toEqual(Array.from({ length: 300 }, (_, slot) => slot));
  });

  it("is one of more than 256 calls, however small; any other comes along", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const seen = [];
    for (const [n, more] of [128, 128, 1].entries()) {
      const slot = 128 * n;
      await bench.port.send([recordGroup(delivery, n + 1, { slot, count: more })]);
      const again = await claimOf(bench.port, delivery);
      seen.push(again.word === "claimed" ? again.run.calls.length : again.word);
    }

    expect(seen).toEqual([128, 256, 0]);
    const whole = await bench.store.claim(delivery);
    expect(whole.kind === "claimed" && whole.run.calls.length).toBe(257);
    expect((await bench.store.read(run.runId))?.calls).toHaveLength(257);
  });

  it("is whole or not handed out: a run taken over meanwhile is stale", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    await bench.port.send([recordGroup(delivery, 1, { count: 300, bytes: sampleCall(KIB) })]);
    const [second, third] = [2, 3].map((attemptsStarted) => deliveryOf(run, { attemptsStarted }));
    if (second === undefined || third === undefined) throw new Error("two deliveries are missing");
    const hlen = bench.redis.hlen.bind(bench.redis);
    let isTakenOver = false;
    Object.defineProperty(bench.redis, "hlen", {
      value: async (key: string) => {
        isTakenOver = (await claimOf(bench.port, third)).word === "claimed";
        return hlen(key);
      },
    });

    const reply = await bench.store.claim(second);

    expect(isTakenOver).toBe(true);
    expect(reply).toEqual({ kind: "stale" });
  });

  it("with nothing left in it is an empty one", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    await bench.port.send([recordGroup(delivery, 1, { count: 300, bytes: sampleCall(KIB) })]);
    await bench.port.send([
      { kind: "write", runId, nonce, n: 2, entries: [{ op: "clear", from: 0, to: 299 }] },
    ]);

    const reply = await bench.store.claim(deliveryOf(run, { attemptsStarted: 2 }));

    expect(reply).toMatchObject({ kind: "claimed", run: { calls: [], journalBytes: 0 } });
    expect((await bench.store.read(runId))?.calls).toEqual([]);
  });

  it("comes whole when slots are missing, whose calls never had an outcome", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    for (const [n, slot] of [300, 900, 2000].entries()) {
      await bench.port.send([recordGroup(delivery, n + 1, { slot, count: 200 })]);
    }

    const reply = await bench.store.claim(delivery);

    const calls = reply.kind === "claimed" ? reply.run.calls : [];
    const slots = [300, 900, 2000].flatMap((first) =>
      Array.from({ length: 200 }, (_, index) => first + index),
    );
    expect(calls.map((call) => call.slot)).toEqual(slots);
    expect((await bench.store.read(run.runId))?.calls).toEqual(calls);
  });

  it("is unreadable when it holds what is no slot", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    await bench.port.send([recordGroup(delivery, 1, { count: 300 })]);
    await bench.redis.hset(bench.keys.of(run.runId).calls, "-1", "bytes");

    const reply = await bench.store.claim(delivery);

    const message = expect.stringContaining('its journal holds "-1"');
    expect(reply).toMatchObject({ kind: "claimed", run: { calls: [], unreadable: { message } } });
    await expect(bench.store.read(run.runId)).rejects.toThrow(`run ${run.runId} cannot be read`);
  });
});
