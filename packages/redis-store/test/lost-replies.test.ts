import { FaultProxy, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  claimedRun,
  claimOf,
  deliveryOf,
  newRun,
  openStore,
  recordGroup,
  words,
} from "./store-bench.ts";

type Server = Awaited<ReturnType<typeof startRedis>>;

let server: Server;
let proxy: FaultProxy;

beforeAll(async () => {
  server = await startRedis();
  proxy = await FaultProxy.start({ port: server.port });
});

afterAll(async () => {
  await proxy.close();
  await server.stop();
});

/** A store whose connection leads through the proxy. */
function openThroughProxy() {
  return openStore({ url: proxy.url });
}

describe("when the reply is lost", () => {
  it("a create is sent again and still says that it created the run", async () => {
    await using bench = await openThroughProxy();
    const run = newRun();
    const before = proxy.cuts;

    proxy.cutAfter(run.requestId);
    const created = await bench.store.create(run);

    expect([created.kind, proxy.cuts - before]).toEqual(["created", 1]);
  });

  it("many that are created by one script are sent again, each with the answer of the first time", async () => {
    await using bench = await openThroughProxy();
    const there = newRun();
    await bench.store.create(there);
    const runs = [newRun(), { ...there, requestId: "another" }, newRun()];
    const before = proxy.cuts;

    proxy.cutAfter(runs[2]?.requestId ?? "");
    const created = await bench.store.createMany(runs);

    const kinds = created.map((each) => each.status === "fulfilled" && each.value.kind);
    expect([kinds, proxy.cuts - before]).toEqual([["created", "existing", "created"], 1]);
  });

  it("a claim is sent again and keeps its epoch", async () => {
    await using bench = await openThroughProxy();
    const run = newRun();
    await bench.store.create(run);
    const delivery = deliveryOf(run);
    const before = proxy.cuts;

    proxy.cutAfter(delivery.nonce);
    const reply = await claimOf(bench.port, delivery);

    expect(reply).toMatchObject({ word: "claimed", run: { epoch: 1, suspect: 1 } });
    expect(proxy.cuts - before).toBe(1);
  });

  it("writes are sent again and found done", async () => {
    await using bench = await openThroughProxy();
    const { run, delivery } = await claimedRun(bench);
    const before = proxy.cuts;

    proxy.cutAfter(delivery.nonce);
    const replies = await bench.port.send([recordGroup(delivery, 1)]);

    expect([words(replies), proxy.cuts - before]).toEqual([["same"], 1]);
    expect(await bench.store.read(run.runId)).toMatchObject({ v: 2, calls: [{ slot: 0 }] });
  });

  it("a settlement is sent again and found done", async () => {
    await using bench = await openThroughProxy();
    const { run, delivery } = await claimedRun(bench);
    const { runId, nonce } = delivery;
    const settlement = {
      status: "FAILED",
      payload: Buffer.from("e"),
      failedSlot: 0,
      retentionMs: 60_000,
    } as const;

    proxy.cutAfter(nonce);
    const replies = await bench.port.send([
      { kind: "write", runId, nonce, n: 1, entries: [{ op: "settle", settlement }] },
    ]);

    expect(words(replies)).toEqual(["same"]);
    expect(await bench.store.read(run.runId)).toMatchObject({ v: 2, outcome: { failedSlot: 0 } });
  });
});

describe("a command that is lost", () => {
  it("is sent again and carried out once", async () => {
    await using bench = await openThroughProxy();
    const { run, delivery } = await claimedRun(bench);
    const before = proxy.cuts;

    proxy.cutBefore(delivery.nonce);
    const replies = await bench.port.send([recordGroup(delivery, 1)]);

    expect([words(replies), proxy.cuts - before]).toEqual([["applied"], 1]);
    expect(await bench.store.read(run.runId)).toMatchObject({ v: 2 });
  });

  it("in a connection that is open and dead is sent again on another", async () => {
    const redis = new Redis(proxy.url, { maxRetriesPerRequest: null, socketTimeout: 200 });
    redis.on("error", () => {});
    await using bench = await openStore({ url: proxy.url, redis });
    const { delivery } = await claimedRun(bench);

    proxy.blackHole();
    const sent = bench.port.send([recordGroup(delivery, 1)]);
    await new Promise((resolve) => redis.once("close", resolve));
    proxy.heal();

    expect(words(await sent)).toEqual(["applied"]);
    redis.disconnect();
  });
});

describe("when the server dies", () => {
  it("batches wait for it, and nothing acknowledged is missing", async () => {
    await using bench = await openStore({ url: server.url });
    bench.redis.on("error", () => {});
    const { run } = await claimedRun(bench);
    const reply = await bench.store.claim(deliveryOf(run, { attemptsStarted: 2 }));
    if (reply.kind !== "claimed") throw new Error(reply.kind);
    const delivery = deliveryOf(run, { attemptsStarted: 3 });
    await claimOf(bench.port, delivery);

    const writes = [];
    for (let n = 1; n <= 200; n++) {
      if (n === 100) void server.restart();
      const slot = n - 1;
      writes.push(words(await bench.port.send([recordGroup(delivery, n, { slot })])));
    }

    expect(new Set(writes.flat().filter((word) => word !== "same"))).toEqual(new Set(["applied"]));
    expect((await bench.store.read(run.runId))?.calls).toHaveLength(200);
  });
});
