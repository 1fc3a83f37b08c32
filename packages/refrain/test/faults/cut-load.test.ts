import { eventually, FaultProxy, startRedis } from "@refrain/testkit";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const RUNS = 40;
const CUTS = 30;

test("F8 connections that are cut before and after scripts, BullMQ's and the journal's, lose and repeat nothing", async () => {
  await using server = await startRedis();
  await using proxy = await FaultProxy.start({ port: server.port });
  await using work = new Load({ callMs: 20 });
  await work.worker({ connection: proxy.url, concurrency: 10 }).ready();
  await work.worker({ connection: proxy.url, concurrency: 10 }).ready();
  const client = createClient({ connection: server.url });
  const runs = await enqueueLoad(client, RUNS);

  for (let cuts = 1; cuts <= CUTS && work.count("settled") < RUNS; cuts++) {
    // Now and then all at once, also those on which workers wait for jobs.
    if (cuts % 5 === 0) proxy.cutAll();
    if (cuts % 2 === 0) proxy.cutBefore("EVAL");
    else proxy.cutAfter("EVAL");
    await eventually(() => expect(proxy.cuts).toBe(cuts), { timeoutMs: 15_000 });
  }
  const outputs = await work.outcomes(runs, 40_000);

  expect(flawsOf(work, outputs)).toEqual([]);
  expect(outputs.size).toBe(RUNS);
  expect(proxy.cuts).toBeGreaterThan(CUTS / 2);
  await client.close();
}, 90_000);
