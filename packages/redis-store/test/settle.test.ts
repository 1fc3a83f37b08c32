import type { Delivery, Group, Settlement } from "@refrain/core";
import { eventually } from "@refrain/testkit";
import { describe, expect, it } from "vitest";
import {
  claimedRun,
  deliveryOf,
  newRun,
  openStore,
  recordGroup,
  type StoreBench,
  words,
} from "./store-bench.ts";

const DAY_MS = 86_400_000;

function settlement(overrides: Partial<Settlement> = {}): Settlement {
  const payload = Buffer.from("outcome");
  return { status: "SUCCEEDED", payload, failedSlot: undefined, retentionMs: DAY_MS, ...overrides };
}

function settleGroup({ runId, nonce }: Delivery, n: number, how: Settlement): Group {
  return { kind: "write", runId, nonce, n, entries: [{ op: "settle", settlement: how }] };
}

/** A run with one call that settles in its second group. */
async function settledRun(bench: StoreBench, how: Settlement) {
  const { delivery } = await claimedRun(bench);
  const { runId } = delivery;
  await bench.port.send([recordGroup(delivery, 1)]);
  const group = settleGroup(delivery, 2, how);
  expect(words(await bench.port.send([group]))).toEqual(["applied"]);
  return { delivery, group, ...bench.keys.of(runId) };
}

describe("settle", () => {
  it("keeps the run and its calls for the retention when it failed", async () => {
    await using bench = await openStore();

    const { run, calls, delivery } = await settledRun(bench, settlement({ status: "FAILED" }));

    for (const key of [run, calls]) {
      const ttl = await bench.redis.pttl(key);
      expect(ttl).toBeGreaterThan(DAY_MS - 60_000);
      expect(ttl).toBeLessThanOrEqual(DAY_MS);
    }
    expect(await bench.redis.zscore(bench.keys.live, delivery.runId)).toBeNull();
  });

  it("keeps the run alone when it succeeded", async () => {
    await using bench = await openStore();

    const { run, calls } = await settledRun(bench, settlement());

    expect(await bench.redis.pttl(run)).toBeGreaterThan(0);
    expect(await bench.redis.exists(calls)).toBe(0);
  });

  it("takes retentions that Redis would not", async () => {
    await using bench = await openStore();
    const huge = await settledRun(bench, settlement({ retentionMs: Number.POSITIVE_INFINITY }));
    const fraction = await settledRun(bench, settlement({ retentionMs: 3_600_000.4 }));

    expect(await bench.redis.pttl(huge.run)).toBeGreaterThan(DAY_MS);
    expect(await bench.redis.pttl(fraction.run)).toBeGreaterThan(3_000_000);
  });

  it("answers the same group again as the same, and a later one as fenced", async () => {
    await using bench = await openStore();
    const { delivery, group } = await settledRun(bench, settlement());

    const again = await bench.port.send([group]);
    const later = await bench.port.send([recordGroup(delivery, 3)]);

    expect([...words(again), ...words(later)]).toEqual(["same", "fenced"]);
  });

  it("tells its shard's channel once which runs of its batch settled, whatever their ids hold", async () => {
    await using bench = await openStore();
    const subscriber = bench.redis.duplicate();
    const heard: unknown[] = [];
    subscriber.on("message", (channel, message) => heard.push([channel, JSON.parse(message)]));
    await subscriber.subscribe(bench.keys.settled);
    const ids = ["plain", 'a "quoted" \\ / one', "of, two\nlines\u0000\u007f", "früher 🕊"];
    const groups: Group[] = [];
    for (const runId of ids) {
      const { delivery } = await claimedRun(bench, newRun({ runId }));
      groups.push(settleGroup(delivery, 1, settlement()));
    }

    expect(words(await bench.port.send(groups))).toEqual(ids.map(() => "applied"));

    await eventually(() => expect(heard).toEqual([[bench.keys.settled, ids]]));
    expect(await bench.redis.zcard(bench.keys.live)).toBe(0);
    subscriber.disconnect();
  });

  it("is seen to its end although another run's group is refused", async () => {
    await using bench = await openStore();
    const [ends, bad] = [await claimedRun(bench), await claimedRun(bench)];
    await bench.redis.set(bench.keys.of(bad.run.runId).calls, "text");

    const replies = await bench.port.send([
      settleGroup(ends.delivery, 1, settlement()),
      recordGroup(bad.delivery, 1),
    ]);

    expect(words(replies)).toEqual(["same", "refused"]);
    expect(await bench.redis.zrange(bench.keys.live, "0", "-1")).toEqual([bad.run.runId]);
  });
});

describe("release", () => {
  it("is known when it arrives again, and ends its claim", async () => {
    await using bench = await openStore();
    const { run, delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    const release = {
      kind: "write",
      runId,
      nonce,
      n: 1,
      entries: [{ op: "release", unknownAsks: 2 }],
    } as const;

    const replies = [
      ...(await bench.port.send([release])),
      ...(await bench.port.send([release])),
      ...(await bench.port.send([recordGroup(delivery, 2)])),
      ...(await bench.port.send([recordGroup(delivery, 3)])),
    ];

    expect(words(replies)).toEqual(["applied", "same", "fenced", "fenced"]);
    const next = await bench.store.claim(deliveryOf(run, { attemptsStarted: 2 }));
    expect(next).toMatchObject({ kind: "claimed", run: { unknownAsks: 2, suspect: 1 } });
  });
});
