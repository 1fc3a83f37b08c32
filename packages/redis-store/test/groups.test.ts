import type { CommitPort, Group } from "@refrain/core";
import { describe, expect, it } from "vitest";
import {
  claimedRun,
  claimOf,
  deliveryOf,
  newRun,
  openStore,
  recordGroup,
  sampleCall,
  slotsOf,
  words,
} from "./store-bench.ts";

describe("a group of writes", () => {
  it("is applied when it is the next one, the same again, and told of a gap when one is missing", async () => {
    await using bench = await openStore();
    const { delivery } = await claimedRun(bench);

    const replies = [];
    for (const n of [1, 1, 2, 1, 4, 3]) {
      replies.push(...(await bench.port.send([recordGroup(delivery, n, { slot: n })])));
    }

    expect(words(replies)).toEqual(["applied", "same", "applied", "same", "gap", "applied"]);
    const read = await bench.store.read(delivery.runId);
    expect(read?.calls.map((call) => call.slot)).toEqual([1, 2, 3]);
  });

  it("is fenced without a run, without a claim, and once another claim has the run", async () => {
    await using bench = await openStore();
    const never = newRun();
    const unclaimed = newRun();
    await bench.store.create(unclaimed);
    const { run, delivery } = await claimedRun(bench);
    await claimOf(bench.port, deliveryOf(run, { attemptsStarted: 2 }));

    const replies = await bench.port.send([
      recordGroup(deliveryOf(never), 1),
      recordGroup(deliveryOf(unclaimed), 1),
      recordGroup(deliveryOf(unclaimed, { nonce: "" }), 1),
      recordGroup(delivery, 1),
    ]);

    expect(words(replies)).toEqual(["fenced", "fenced", "fenced", "fenced"]);
    expect(await bench.redis.exists(bench.keys.of(never.runId).run)).toBe(0);
  });

  it("applies its entries in order", async () => {
    await using bench = await openStore();
    const { delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    const bytes = sampleCall();
    const put = (slot: number) => ({ op: "append", slot, bytes }) as const;
    const group: Group = {
      kind: "write",
      runId,
      nonce,
      n: 1,
      entries: [
        put(0),
        put(1),
        put(2),
        { op: "clear", from: 1, to: 2 },
        put(1),
        { op: "clear", from: 0, to: 0 },
      ],
    };

    await bench.port.send([group]);

    expect(await slotsOf(bench, runId)).toEqual(["1"]);
    expect(await bench.redis.hget(bench.keys.of(runId).run, "clears")).toBe("2");
  });

  it("clears stretches of any length", async () => {
    await using bench = await openStore();
    const { delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    for (let n = 1; n <= 5; n++) {
      await bench.port.send([recordGroup(delivery, n, { slot: 500 * (n - 1), count: 500 })]);
    }
    const entries = [{ op: "clear", from: 3, to: 2498 }] as const;

    await bench.port.send([{ kind: "write", runId, nonce, n: 6, entries }]);

    expect(await slotsOf(bench, runId)).toEqual(["0", "1", "2", "2499"]);
  });

  it("stands on its own in its batch", async () => {
    await using bench = await openStore();
    const [first, second] = [await claimedRun(bench), await claimedRun(bench)];
    const fresh = newRun();
    await bench.store.create(fresh);

    const replies = await bench.port.send([
      recordGroup(first.delivery, 1),
      recordGroup(second.delivery, 2),
      { kind: "claim", delivery: deliveryOf(fresh) },
      recordGroup({ ...first.delivery, nonce: "stranger" }, 2),
      { kind: "claim", delivery: deliveryOf(newRun()) },
      recordGroup(first.delivery, 2, { slot: 1 }),
    ]);

    expect(words(replies)).toEqual(["applied", "gap", "claimed", "fenced", "missing", "applied"]);
  });

  it("rides with up to 511 others", async () => {
    await using bench = await openStore();
    const runs = Array.from({ length: 512 }, () => newRun());
    await Promise.all(runs.map((run) => bench.store.create(run)));
    const deliveries = runs.map((run) => deliveryOf(run));

    const claims = deliveries.map((delivery) => ({ kind: "claim", delivery }) as const);
    const claimed = await bench.port.send(claims);
    const written = await bench.port.send(deliveries.map((delivery) => recordGroup(delivery, 1)));

    expect(new Set(words(claimed))).toEqual(new Set(["claimed"]));
    expect(new Set(words(written))).toEqual(new Set(["applied"]));
  });

  it("may hold all that a batch can", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const large = sampleCall(Buffer.alloc(8192, 1));

    const replies = await bench.port.send([recordGroup(delivery, 1, { count: 512, bytes: large })]);

    expect(words(replies)).toEqual(["applied"]);
    expect((await bench.store.read(run.runId))?.calls).toHaveLength(512);
  });
});

describe("late copies", () => {
  it("of everything a run ever sent change nothing", async () => {
    await using bench = await openStore();
    const run = newRun();
    const sent: Group[][] = [];
    const port: CommitPort = {
      send(batch) {
        sent.push([...batch]);
        return bench.port.send(batch);
      },
    };
    await bench.store.create(run);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const delivery = deliveryOf(run, { attemptsStarted: attempt });
      await claimOf(port, delivery);
      const { runId, nonce } = delivery;
      await port.send([recordGroup(delivery, 1, { count: 4 })]);
      await port.send([
        { kind: "write", runId, nonce, n: 2, entries: [{ op: "clear", from: 2, to: 9 }] },
      ]);
      await port.send([
        { kind: "write", runId, nonce, n: 3, entries: [{ op: "release", unknownAsks: 1 }] },
      ]);
    }
    const { run: key, calls } = bench.keys.of(run.runId);
    const before = [await bench.redis.hgetall(key), await bench.redis.hgetallBuffer(calls)];

    for (const batch of [...sent, ...sent.toReversed()]) await bench.port.send(batch);

    expect([await bench.redis.hgetall(key), await bench.redis.hgetallBuffer(calls)]).toEqual(
      before,
    );
  });
});
