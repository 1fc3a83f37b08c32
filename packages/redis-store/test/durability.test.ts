import { eventually, FaultProxy, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claimedRun, newRun, openStore, recordGroup, sampleCall, words } from "./store-bench.ts";

/** A primary, its replica, and the replica's own, which is there when that is promoted. */
let primary: RedisServer;
let replica: RedisServer;
let third: RedisServer;
let admin: Redis;
/** Stands between the client and its server. */
let proxy: FaultProxy;
/** Stands between the replica and the primary. */
let link: FaultProxy;

beforeAll(async () => {
  const args = ["--repl-diskless-sync-delay", "0"];
  const follow = (port: number) =>
    startRedis({ args: [...args, "--replicaof", "127.0.0.1", String(port)] });
  primary = await startRedis({ args });
  link = await FaultProxy.start({ port: primary.port });
  replica = await follow(link.port);
  third = await follow(replica.port);
  proxy = await FaultProxy.start({ port: primary.port });
  admin = new Redis(primary.url);
});

beforeEach(async () => {
  replica.resume();
  await admin.set("probe", "1");
  await eventually(async () => {
    if ((await admin.wait(1, 100)) < 1) throw new Error("the replica is not there yet");
  });
});

afterAll(async () => {
  admin.disconnect();
  for (const each of [proxy, link]) await each.close();
  for (const server of [third, replica, primary]) await server.stop();
});

/** A store that waits for a replica, and what it says of waiting. */
async function openSafe(options: NonNullable<Parameters<typeof openStore>[0]> = {}) {
  const troubles: string[] = [];
  const bench = await openStore({
    url: proxy.url,
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
    replica.pause();

    const sent = bench.port.send([recordGroup(delivery, 1)]);
    const watched = watch(sent);
    await untilAsked();
    const isOnPrimary = await admin.hexists(bench.keys.of(run.runId).calls, "0");
    const wasSettled = watched.isSettled;
    replica.resume();

    expect([isOnPrimary, wasSettled]).toEqual([1, false]);
    expect(words(await sent)).toEqual(["applied"]);
    expect(bench.troubles).toContainEqual(expect.stringContaining("0 of 1 replicas have them"));
  });

  it("a batch that was sent again and is known already is waited for all the same", async () => {
    await using bench = await openSafe();
    const { delivery } = await claimedRun(bench);
    const cuts = proxy.cuts;
    replica.pause();

    proxy.cutAfter(delivery.nonce);
    const sent = bench.port.send([recordGroup(delivery, 1)]);
    const watched = watch(sent);
    // Once for each of two sockets, and once more because the second said that it is not safe.
    await untilAsked(3);
    const wasSettled = watched.isSettled;
    replica.resume();

    expect([proxy.cuts - cuts, wasSettled]).toEqual([1, false]);
    expect(words(await sent)).toEqual(["same"]);
  });

  it("a run that was created before is waited for all the same, and late ones are told apart", async () => {
    await using bench = await openSafe();
    const run = newRun();
    replica.pause();

    const first = await bench.store.create(run);
    const second = bench.store.create({ ...run, requestId: "another" });
    await untilAsked();
    replica.resume();

    expect(first).toEqual({ kind: "unacknowledged" });
    expect(await second).toEqual({ kind: "existing" });
  }, 20_000);

  it("several shards, and many at once, share what is asked of the server", async () => {
    await using bench = await openSafe({ shards: 3 });
    const before = await callsOf("wait");

    const created = await Promise.all(
      Array.from({ length: 200 }, () => bench.store.create(newRun())),
    );

    expect(new Set(created.map(({ kind }) => kind))).toEqual(new Set(["created"]));
    expect((await callsOf("wait")) - before).toBeLessThan(10);
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
    replica.pause();

    const sent = bench.port.send([{ kind: "write", runId, nonce, n: 1, entries }]);
    await untilAsked();
    await admin.config("SET", "maxmemory", "1");
    proxy.cutAll();
    await untilAsked();
    replica.resume();
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
    const redis = new Redis(proxy.url, { maxRetriesPerRequest: null });
    await using other = await openSafe({ redis, namespace: bench.namespace });
    const { delivery } = await claimedRun(other);
    replica.pause();

    const sent = other.port.send([recordGroup(delivery, 1)]);
    await untilAsked();
    const ended = new Promise((resolve) => redis.once("end", resolve));
    redis.disconnect();
    await ended;
    replica.resume();

    expect(words(await sent)).toEqual(["refused"]);
  });

  // The last one: it changes who is the primary.
  it("what was answered by a primary that is gone is sent to the next one", async () => {
    await using bench = await openSafe({ durability: { replicas: 1 } });
    const { run, delivery } = await claimedRun(bench);
    await eventually(async () => {
      const promoted = new Redis(replica.url);
      expect(await promoted.exists(bench.keys.of(run.runId).run)).toBe(1);
      promoted.disconnect();
    });
    link.blackHole();

    const sent = bench.port.send([recordGroup(delivery, 1)]);
    await untilAsked();
    await primary.kill();
    const next = new Redis(replica.url);
    await next.replicaof("NO", "ONE");
    const missing = await next.hexists(bench.keys.of(run.runId).calls, "0");
    proxy.retarget(replica.port);

    expect(missing).toBe(0);
    expect(words(await sent)).toEqual(["applied"]);
    expect(await next.hexists(bench.keys.of(run.runId).calls, "0")).toBe(1);
    next.disconnect();
  }, 30_000);
});

/** What was asked of the server now is unanswered: it has said so before it is asked again. */
async function untilAsked(times = 2): Promise<void> {
  const before = await callsOf("wait");
  await eventually(async () =>
    expect(await callsOf("wait")).toBeGreaterThanOrEqual(before + times),
  );
}

async function callsOf(command: string): Promise<number> {
  const stats = await admin.info("commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}
