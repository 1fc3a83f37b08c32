import { eventually, RedisPair } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claimedRun, newRun, openStore, recordGroup, sampleCall, words } from "./store-bench.ts";

let pair: RedisPair;
let admin: Redis;

beforeAll(async () => {
  pair = await RedisPair.start({ isFollowed: true });
  admin = new Redis(pair.primary.url);
});

beforeEach(async () => {
  pair.replica.resume();
  await pair.untilInStep();
});

afterAll(async () => {
  admin.disconnect();
  await pair[Symbol.asyncDispose]();
});

/** A store that waits for a replica, and what it says of waiting. */
async function openSafe(options: NonNullable<Parameters<typeof openStore>[0]> = {}) {
  const troubles: string[] = [];
  const bench = await openStore({
    url: pair.front.url,
    durability: { replicas: 1 },
    onTrouble: (message) => troubles.push(message),
    ...options,
  });
  bench.redis.on("error", () => {});
  return { ...bench, troubles, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

/** What has become of a promise by now. */
function watch<T>(promise: Promise<T>): { isSettled: boolean } {
  const watched = { isSettled: false };
  const settle = (): void => {
    watched.isSettled = true;
  };
  promise.then(settle, settle);
  return watched;
}

describe("F10 with { replicas: 1 }", () => {
  it("a batch is acknowledged when the replica has it, and not before", async () => {
    await using bench = await openSafe();
    const { run, delivery } = await claimedRun(bench);
    pair.replica.pause();

    const sent = bench.port.send([recordGroup(delivery, 1)]);
    const watched = watch(sent);
    await pair.untilWaits(2);
    const isOnPrimary = await admin.hexists(bench.keys.of(run.runId).calls, "0");
    const wasSettled = watched.isSettled;
    pair.replica.resume();

    expect([isOnPrimary, wasSettled]).toEqual([1, false]);
    expect(words(await sent)).toEqual(["applied"]);
    expect(bench.troubles).toContainEqual(expect.stringContaining("0 of 1 replicas have them"));
  });

  it("a batch that was sent again and is known already is waited for all the same", async () => {
    await using bench = await openSafe();
    const { delivery } = await claimedRun(bench);
    const cuts = pair.front.cuts;
    pair.replica.pause();

    pair.front.cutAfter(delivery.nonce);
    const sent = bench.port.send([recordGroup(delivery, 1)]);
    const watched = watch(sent);
    // Once for each of two sockets, and once more because the second said that it is not safe.
    await pair.untilWaits(3);
    const wasSettled = watched.isSettled;
    pair.replica.resume();

    expect([pair.front.cuts - cuts, wasSettled]).toEqual([1, false]);
    expect(words(await sent)).toEqual(["same"]);
  });

  it("a run that was created before is waited for all the same, and late ones are told apart", async () => {
    await using bench = await openSafe();
    const run = newRun();
    pair.replica.pause();

    const first = await bench.store.createMany([run, newRun()]);
    const second = bench.store.create({ ...run, requestId: "another" });
    await pair.untilWaits(2);
    pair.replica.resume();

    const late = { status: "fulfilled", value: { kind: "unacknowledged" } };
    expect(first).toEqual([late, late]);
    expect(await second).toMatchObject({ kind: "existing" });
  }, 20_000);

  it("several shards, and many at once, share what is asked of the server", async () => {
    await using bench = await openSafe({ shards: 3 });
    const before = await pair.callsOf("wait");

    const created = await Promise.all(
      Array.from({ length: 200 }, () => bench.store.create(newRun())),
    );

    expect(new Set(created.map(({ kind }) => kind))).toEqual(new Set(["created"]));
    expect((await pair.callsOf("wait")) - before).toBeLessThan(10);
  });

  it("outcomes are acknowledged by a primary without memory too", async () => {
    await using bench = await openSafe();
    const { delivery } = await claimedRun(bench);
    await admin.config("SET", "maxmemory", "1");

    const replies = await bench.port.send([recordGroup(delivery, 1)]);
    await admin.config("SET", "maxmemory", "0");

    expect(words(replies)).toEqual(["applied"]);
  });

  it("a batch that was answered, and is sent again to a server that has no memory by then, was not refused", async () => {
    await using bench = await openSafe();
    const { delivery } = await claimedRun(bench);
    const entries = [{ op: "append", slot: 0, bytes: sampleCall() }] as const;
    const { runId, nonce } = delivery;
    pair.replica.pause();

    const sent = bench.port.send([{ kind: "write", runId, nonce, n: 1, entries }]);
    await pair.untilWaits(2);
    await admin.config("SET", "maxmemory", "1");
    pair.front.cutAll();
    await pair.untilWaits(2);
    pair.replica.resume();
    const replies = await sent;
    await admin.config("SET", "maxmemory", "0");

    // "full" would free its number for other writes, which the server would take for this one.
    expect(words(replies)).toEqual(["same"]);
  });

  it("the server's key for it goes by itself", async () => {
    await using bench = await openSafe();
    await claimedRun(bench);

    const ttl = await admin.ttl(`{${bench.namespace}:0}:ack`);

    expect(ttl).toBeGreaterThan(3000);
  });

  it("ending the connection gives up", async () => {
    await using bench = await openSafe();
    const redis = new Redis(pair.front.url, { maxRetriesPerRequest: null });
    await using other = await openSafe({ redis, namespace: bench.namespace });
    const { delivery } = await claimedRun(other);
    pair.replica.pause();

    const sent = other.port.send([recordGroup(delivery, 1)]);
    await pair.untilWaits(2);
    const ended = new Promise((resolve) => redis.once("end", resolve));
    redis.disconnect();
    await ended;
    pair.replica.resume();

    expect(words(await sent)).toEqual(["refused"]);
  });

  // The last one: it changes who is the primary.
  it("what was answered by a primary that is gone is sent to the next one", async () => {
    await using bench = await openSafe({ durability: { replicas: 1 } });
    const { run, delivery } = await claimedRun(bench);
    await eventually(async () => {
      const promoted = new Redis(pair.replica.url);
      expect(await promoted.exists(bench.keys.of(run.runId).run)).toBe(1);
      promoted.disconnect();
    });
    pair.link.blackHole();

    const sent = bench.port.send([recordGroup(delivery, 1)]);
    await pair.untilWaits(2);
    await pair.primary.kill();
    const next = new Redis(pair.replica.url);
    await next.replicaof("NO", "ONE");
    const missing = await next.hexists(bench.keys.of(run.runId).calls, "0");
    pair.front.retarget(pair.replica.port);

    expect(missing).toBe(0);
    expect(words(await sent)).toEqual(["applied"]);
    expect(await next.hexists(bench.keys.of(run.runId).calls, "0")).toBe(1);
    next.disconnect();
  }, 30_000);
});
