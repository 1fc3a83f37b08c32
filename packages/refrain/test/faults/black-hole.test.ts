import { eventually, FaultProxy, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const RUNS = 10;
/** How long a server may owe an answer here. */
const SILENT_FOR_MS = 700;

async function openLoad() {
  const server = await startRedis();
  const proxy = await FaultProxy.start({ port: server.port });
  const work = new Load({ callMs: 20 });
  const connection = { host: "127.0.0.1", port: proxy.port, socketTimeout: SILENT_FOR_MS };
  await work.worker({ connection }).ready();
  const client = createClient({ connection: server.url });
  const redis = new Redis(server.url);
  return {
    proxy,
    redis,
    work,
    client,
    connection,
    async [Symbol.asyncDispose]() {
      await work[Symbol.asyncDispose]();
      await client.close();
      redis.disconnect();
      await proxy.close();
      await server.stop();
    },
  };
}

test.concurrent("F9 a worker all of whose connections are open and dead goes on over new ones", async () => {
  await using opened = await openLoad();
  const { proxy, work, client } = opened;
  const runs = await enqueueLoad(client, RUNS);
  await work.untilEffects(20);
  const before = proxy.accepted;

  proxy.forget();
  const forgotten = performance.now();
  await work.untilEffects(20 + 2 * RUNS);
  const backAfterMs = performance.now() - forgotten;
  const outputs = await work.outcomes(runs, 60_000);

  expect(flawsOf(work, outputs)).toEqual([]);
  expect(proxy.accepted).toBeGreaterThan(before);
  expect(backAfterMs).toBeLessThan(10 * SILENT_FOR_MS);
}, 40_000);

test.concurrent("F9 a network that swallows everything for longer than a lock loses and repeats nothing", async () => {
  await using opened = await openLoad();
  const { proxy, redis, work, client } = opened;
  const runs = await enqueueLoad(client, RUNS);
  await work.untilEffects(20);
  expect(await redis.keys("*:lock")).not.toEqual([]);

  proxy.blackHole();
  // Until every lock has lapsed; the server itself is well.
  await eventually(async () => expect(await redis.keys("*:lock")).toEqual([]));
  // What connects now is swallowed from its first greeting on.
  const before = proxy.accepted;
  proxy.cutAll();
  await eventually(() => expect(proxy.accepted).toBeGreaterThan(before + 2));
  proxy.heal();
  const outputs = await work.outcomes(runs, 60_000);

  expect(flawsOf(work, outputs)).toEqual([]);
  expect(work.attempts).toBeGreaterThan(RUNS);
}, 40_000);

test.concurrent("F9 an enqueue on a connection that is open and dead arrives over a new one, once", async () => {
  await using opened = await openLoad();
  const { proxy, work, connection } = opened;
  const client = createClient({ connection });
  await enqueueLoad(client, 1, "first");

  proxy.forget();
  const runs = await enqueueLoad(client, 3, "second");
  const outputs = await work.outcomes(runs, 60_000);

  expect(runs.map(({ created }) => created)).toEqual([true, true, true]);
  expect(flawsOf(work, outputs)).toEqual([]);
  await client.close();
}, 40_000);

test.concurrent("F9 a connection on which a worker blocks for jobs is idle, not dead", async () => {
  await using opened = await openLoad();
  const { proxy, work, client } = opened;
  await enqueueLoad(client, 1, "first");
  await eventually(() => expect(work.count("settled")).toBe(1));
  const before = proxy.accepted;

  // That nothing happens can only be waited for.
  await new Promise((resolve) => setTimeout(resolve, 4 * SILENT_FOR_MS));
  const idle = proxy.accepted - before;
  const enqueued = performance.now();
  const runs = await enqueueLoad(client, 1, "second");
  await work.outcomes(runs, 10_000);

  expect(idle).toBe(0);
  expect(performance.now() - enqueued).toBeLessThan(3000);
}, 40_000);
