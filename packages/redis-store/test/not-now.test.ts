import { eventually, type RedisServer, startRedis, virtualClock } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mayPass, StoreError } from "../src/store-error.ts";
import { claimedRun, deliveryOf, newRun, openStore, recordGroup, words } from "./store-bench.ts";

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** What keeps a server from writing for a while, and its end. */
const TROUBLES: Readonly<
  Record<string, readonly [begin: () => Promise<unknown>, end: () => Promise<unknown>]>
> = {
  "has become a replica": [
    () => admin.replicaof("127.0.0.1", server.port === 1 ? 2 : 1),
    () => admin.replicaof("NO", "ONE"),
  ],
  "has too few replicas": [
    () => admin.config("SET", "min-replicas-to-write", "1"),
    () => admin.config("SET", "min-replicas-to-write", "0"),
  ],
};

describe("a batch for a server that", () => {
  for (const [what, [begin, end]] of Object.entries(TROUBLES)) {
    it(`${what} is sent again until it is carried out`, async () => {
      const clock = virtualClock();
      await using bench = await openStore({ url: server.url, clock });
      const { run, delivery } = await claimedRun(bench);
      // A script that the server lacks is sent once more, and may arrive when the trouble is over.
      await bench.port.send([recordGroup(delivery, 1)]);
      await begin();

      const sent = bench.port.send([recordGroup(delivery, 2)]);
      const pauses = [await clock.advanceToNextTimer(), await clock.advanceToNextTimer()];
      const whileTrouble = (await bench.store.read(run.runId))?.v;
      await end();
      await clock.advanceToNextTimer();

      expect(words(await sent)).toEqual(["applied"]);
      expect(whileTrouble).toBe(2);
      expect(pauses[0]).toBeGreaterThanOrEqual(25);
      expect(pauses[1]).toBeGreaterThanOrEqual(50);
    });
  }

  it("is busy with a script is sent again until it is carried out", async () => {
    const clock = virtualClock();
    await using bench = await openStore({ url: server.url, clock });
    const { delivery } = await claimedRun(bench);
    await admin.config("SET", "busy-reply-threshold", "1");
    const other = new Redis(server.url);
    const endless = other.eval("while true do end", 0).catch(() => {});
    await eventually(() => expect(admin.ping()).rejects.toThrow("BUSY"));

    const sent = bench.port.send([recordGroup(delivery, 1)]);
    await clock.advanceToNextTimer();
    await admin.script("KILL");
    await endless;
    await clock.advanceToNextTimer();

    expect(words(await sent)).toEqual(["applied"]);
    other.disconnect();
  });
});

describe("a run that cannot be read", () => {
  it("may be asked for again while the server is busy, and not when the connection is ended for good", async () => {
    await using bench = await openStore({ url: server.url });
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    await using asking = await openStore({ redis, namespace: bench.namespace, url: server.url });
    const run = newRun();
    await bench.store.create(run);
    await asking.store.read(run.runId);
    await admin.config("SET", "busy-reply-threshold", "1");
    const other = new Redis(server.url);
    const endless = other.eval("while true do end", 0).catch(() => {});
    await eventually(() => expect(admin.ping()).rejects.toThrow("BUSY"));

    const busy = await asking.store.read(run.runId).catch((error: unknown) => error);
    await admin.script("KILL");
    await endless;
    other.disconnect();
    server.pause();
    const unanswered = asking.store.read(run.runId).catch((error: unknown) => error);
    redis.disconnect();
    const ended = await unanswered;
    server.resume();

    expect(busy).toMatchObject({ code: "STORE", isTransient: true });
    expect(ended).toMatchObject({ code: "STORE", isTransient: false });
    await expect(asking.store.read(run.runId)).rejects.toMatchObject({ isTransient: false });
  });
});

describe("a script the server forgot", () => {
  it("is sent with its source, however often that happens", async () => {
    await using bench = await openStore({ url: server.url });
    const { run, delivery } = await claimedRun(bench);

    for (let n = 1; n <= 30; n++) {
      const flushed = admin.script("FLUSH");
      const replies = await bench.port.send([recordGroup(delivery, n)]);
      expect(words(replies)).toEqual(["applied"]);
      await flushed;
    }

    await admin.script("FLUSH");
    expect(await bench.store.create({ ...run })).toMatchObject({ kind: "created" });
    expect((await bench.store.read(run.runId))?.v).toBe(31);
  });
});

describe("a batch is refused for good", () => {
  it("when the user may not write", async () => {
    await admin.acl("SETUSER", "reader", "on", "nopass", "allkeys", "+@all", "-hset");
    await using bench = await openStore({ url: `redis://reader:x@127.0.0.1:${server.port}` });
    await using writer = await openStore({ url: server.url, namespace: bench.namespace });
    const runs = [newRun(), newRun()];
    for (const run of runs) await writer.store.create(run);

    const claims = runs.map((run) => ({ kind: "claim", delivery: deliveryOf(run) }) as const);
    const replies = await bench.port.send(claims);

    expect(words(replies)).toEqual(["refused", "refused"]);
    expect(replies[0]).toMatchObject({
      error: { message: expect.stringMatching(/permissions|user executing the script/) },
    });
  });

  it("when the connection is ended for good, which also lets the store close", async () => {
    await using bench = await openStore({ url: server.url });
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    await using ended = await openStore({ redis, namespace: bench.namespace });
    const run = newRun();
    await ended.store.create(run);
    const claimed = await ended.store.claim(deliveryOf(run));
    if (claimed.kind !== "claimed") throw new Error(claimed.kind);

    server.pause();
    claimed.claim.release(0);
    const acknowledged = claimed.claim.acknowledged();
    acknowledged.catch(() => {});
    redis.disconnect();
    const closed = ended.store.close();
    server.resume();

    await expect(acknowledged).rejects.toMatchObject({ code: "STORE" });
    await closed;
  });
});

describe("mayPass", () => {
  it("tells what may be asked again from what is definite", () => {
    const reply = (message: string): Error =>
      Object.assign(new Error(message), { name: "ReplyError" });
    const passing =
      "LOADING READONLY MASTERDOWN CLUSTERDOWN TRYAGAIN BUSY OOM MISCONF NOREPLICAS MOVED ASK"
        .split(" ")
        .map((word) => reply(`${word} text`));
    const lost = [
      "Connection is closed.",
      "Too many Cluster redirections.",
      "Command timed out",
    ].map((message) => new Error(message));
    const definite = ["ERR oops", "WRONGTYPE x", "NOPERM x", "NOAUTH x", "OOMPH"].map(reply);

    expect([...passing, ...lost].every(mayPass)).toBe(true);
    expect(definite.some(mayPass)).toBe(false);
    expect([new StoreError("a"), new StoreError("a", { isTransient: true })].map(mayPass)).toEqual([
      false,
      true,
    ]);
  });
});
