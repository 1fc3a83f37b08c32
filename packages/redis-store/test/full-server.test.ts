import type { Group } from "@refrain/core";
import { eventually, FaultProxy, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
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

let server: RedisServer;
let proxy: FaultProxy;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  proxy = await FaultProxy.start({ port: server.port });
  admin = new Redis(server.url);
});

afterEach(() => setFull(false));

afterAll(async () => {
  admin.disconnect();
  await proxy.close();
  await server.stop();
});

async function setFull(isFull: boolean): Promise<void> {
  await admin.config("SET", "maxmemory", isFull ? "1" : "0");
}

/** An outcome and the mark of the call after it: what one round trip carries. */
function step(delivery: { readonly runId: string; readonly nonce: string }, n: number, slot = 0) {
  const { runId, nonce } = delivery;
  const bytes = sampleCall();
  const entries = [
    { op: "record", slot, bytes },
    { op: "append", slot: slot + 1, bytes },
  ] as const;
  return { kind: "write", runId, nonce, n, entries } satisfies Group;
}

describe("F6 a server without memory", () => {
  it("refuses a batch whole, without using up its numbers", async () => {
    await using bench = await openStore({ url: server.url });
    const [{ delivery }, other] = [await claimedRun(bench), await claimedRun(bench)];
    const fresh = newRun();
    await bench.store.create(fresh);
    await setFull(true);

    const refused = await bench.port.send([
      recordGroup(other.delivery, 1),
      step(delivery, 1),
      { kind: "claim", delivery: deliveryOf(fresh) },
    ]);
    const heads = await bench.port.send([recordGroup(other.delivery, 1), recordGroup(delivery, 1)]);

    expect([words(refused), words(heads)]).toEqual([
      ["full", "full", "full"],
      ["applied", "applied"],
    ]);
    expect(await slotsOf(bench, delivery.runId)).toEqual(["0"]);
    expect((await bench.store.read(fresh.runId))?.status).toBe("QUEUED");
  });

  it("takes settlements and releases", async () => {
    await using bench = await openStore({ url: server.url });
    const [settling, releasing] = [await claimedRun(bench), await claimedRun(bench)];
    const payload = Buffer.alloc(10_000);
    const settlement = { status: "FAILED", payload, failedSlot: 0, retentionMs: 60_000 } as const;
    await setFull(true);

    const replies = await bench.port.send([
      { kind: "write", ...idsOf(settling), n: 1, entries: [{ op: "settle", settlement }] },
      { kind: "write", ...idsOf(releasing), n: 1, entries: [{ op: "release", unknownAsks: 0 }] },
    ]);

    expect(words(replies)).toEqual(["applied", "applied"]);
    expect((await bench.store.read(settling.run.runId))?.status).toBe("FAILED");
  });

  it("gets an unanswered batch again as it was, and what was applied is not applied twice", async () => {
    await using bench = await openStore({ url: proxy.url });
    const { delivery } = await claimedRun(bench);
    const fresh = newRun();
    await bench.store.create(fresh);
    const claim = deliveryOf(fresh);

    const sent = sendAndFill(bench.redis, "after", () =>
      bench.port.send([step(delivery, 1), { kind: "claim", delivery: claim }]),
    );

    // The claim was carried out the first time, too; asked for again, its nonce is known.
    expect(words(await sent)).toEqual(["same", "full"]);
    await setFull(false);
    const next = await bench.port.send([step(delivery, 2, 1), { kind: "claim", delivery: claim }]);
    expect(words(next)).toEqual(["applied", "claimed"]);
    expect(next[1]).toMatchObject({ run: { epoch: 1, suspect: 1 } });
    expect((await bench.store.read(delivery.runId))?.v).toBe(3);
  });

  it("carries out an unanswered batch that it never saw, so that no late copy finds its number free", async () => {
    await using bench = await openStore({ url: proxy.url });
    const { delivery } = await claimedRun(bench);
    const late = await openStore({ url: server.url, namespace: bench.namespace });

    const sent = sendAndFill(bench.redis, "before", () => bench.port.send([step(delivery, 1)]));

    expect(words(await sent)).toEqual(["applied"]);
    await setFull(false);
    expect(words(await late.port.send([step(delivery, 1)]))).toEqual(["same"]);
    expect(await slotsOf(bench, delivery.runId)).toEqual(["0", "1"]);
    await late[Symbol.asyncDispose]();
  });

  it("is asked again by a store until it has room, and claims are answered then", async () => {
    await using bench = await openStore({ url: server.url });
    const { run } = await claimedRun(bench);
    await setFull(true);
    const refusedBefore = await refusals();

    const claiming = bench.store.claim(deliveryOf(run, { attemptsStarted: 2 }));
    await eventually(async () => expect(await refusals()).toBeGreaterThan(refusedBefore + 2));
    await setFull(false);

    expect(await claiming).toMatchObject({ kind: "claimed", run: { epoch: 2 } });
  });

  it("forgets its scripts without harm", async () => {
    await using bench = await openStore({ url: server.url });
    const { delivery } = await claimedRun(bench);
    await setFull(true);

    for (let n = 1; n <= 3; n++) {
      await admin.script("FLUSH");
      expect(words(await bench.port.send([recordGroup(delivery, n)]))).toEqual(["applied"]);
      await admin.script("FLUSH");
      expect(words(await bench.port.send([step(delivery, n + 1)]))).toEqual(["full"]);
    }

    expect(await claimOf(bench.port, delivery)).toEqual({ word: "full" });
  });
});

/** Loses the batch or its reply; when the connection is back, and the batch sent again, the server is full. */
async function sendAndFill<T>(
  redis: Redis,
  when: "before" | "after",
  send: () => Promise<T>,
): Promise<T> {
  const before = proxy.cuts;
  const closed = new Promise<void>((resolve) => {
    redis.once("close", () => {
      proxy.refuse();
      resolve();
    });
  });
  if (when === "before") proxy.cutBefore("EVAL");
  else proxy.cutAfter("EVAL");
  const sent = send();
  await closed;
  await setFull(true);
  proxy.heal();
  expect(proxy.cuts - before).toBe(1);
  return sent;
}

async function refusals(): Promise<number> {
  const [, count = "0"] = /errorstat_OOM:count=(\d+)/.exec(await admin.info("errorstats")) ?? [];
  return Number(count);
}

function idsOf({ delivery: { runId, nonce } }: { delivery: { runId: string; nonce: string } }) {
  return { runId, nonce };
}
