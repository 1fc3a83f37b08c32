import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startRedis } from "@refrain/testkit";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { AofFile, copyUpTo } from "./aof.ts";
import { claimRun, deliveryOf, doneCall, newRun, openJournal } from "./journal-bench.ts";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const RUNS = 60;

test.concurrent("F5 runs go on from what a power loss left, and live attempts notice what it took", async () => {
  await using server = await startRedis({ appendfsync: "no" });
  using file = await AofFile.of(server.dir);
  await using work = new Load({ callMs: 30 });
  await work.worker({ connection: server.url }).ready();
  await work.worker({ connection: server.url }).ready();
  const client = createClient({ connection: server.url });
  const runs = await enqueueLoad(client, RUNS);
  let lostBytes = 0;

  for (const [losses, lossMs] of [40, 100].entries()) {
    await work.untilEffects(100 * (losses + 1));
    await server.kill();
    lostBytes += await file.cutBack(lossMs);
    await server.restart();
  }
  const outputs = await work.outcomes(runs, 40_000);

  expect(flawsOf(work, outputs, { isLossy: true })).toEqual([]);
  expect(outputs.size).toBe(RUNS);
  expect(lostBytes).toBeGreaterThan(0);
  expect(work.lost.get("gap") ?? 0).toBeGreaterThan(0);
  await client.close();
}, 60_000);

test.concurrent("F5 whichever byte the file ends at, a group of writes is there whole or not at all", async () => {
  await using server = await startRedis({ appendfsync: "no" });
  using file = await AofFile.of(server.dir);
  await using journal = openJournal(server.url, "torn");
  const run = newRun("run");
  await journal.store.create(run);
  const { claim } = await claimRun(journal.store, deliveryOf(run, 1));
  claim.record(doneCall(0));
  await claim.acknowledged();
  const from = await file.size();
  for (const slot of [1, 3]) {
    claim.record(doneCall(slot));
    claim.record(doneCall(slot + 1));
    await claim.acknowledged();
  }
  const to = await file.size();
  const TORN = 11;
  const ends = Array.from(
    { length: TORN },
    (_, i) => from + Math.round(((to - from) * i) / (TORN - 1)),
  );

  const found = await Promise.all(
    ends.map(async (bytes) => {
      const dir = await mkdtemp(path.join(os.tmpdir(), "refrain-torn-"));
      await copyUpTo(file, dir, bytes);
      await using restarted = await startRedis({ dir });
      await using survivor = openJournal(restarted.url, "torn");
      const left = await survivor.store.read("run");
      await rm(dir, { recursive: true });
      return [left?.v, left?.calls.length];
    }),
  );

  expect(new Set(found.map(String))).toEqual(new Set(["2,1", "3,3", "4,5"]));
});

test.concurrent("F5 a file that is damaged in its middle is refused, and repaired up to there on demand", async () => {
  await using server = await startRedis({ appendfsync: "no" });
  using file = await AofFile.of(server.dir);
  await using work = new Load();
  const client = createClient({ connection: server.url });
  const runs = await enqueueLoad(client, 5, "kept");
  const middle = await file.size();
  await enqueueLoad(client, 5, "lost");
  await server.kill();
  const handle = await open(file.path, "r+");
  await handle.write(Buffer.alloc(20, "x"), 0, 20, middle + 10);
  await handle.close();

  await expect(server.restart()).rejects.toThrow(/Bad file format|appendonly/i);
  await repair(file);
  await server.restart();
  await work.worker({ connection: server.url }).ready();
  const outputs = await work.outcomes(runs, 20_000);

  expect(flawsOf(work, outputs)).toEqual([]);
  await expect(client.run("lost-4").status()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  await client.close();
}, 40_000);

/** What `redis-check-aof --fix` is: the server under that name. */
async function repair(file: AofFile): Promise<void> {
  const binary = process.env["REDIS_SERVER_BIN"] ?? "redis-server";
  const stdio = ["pipe", "ignore", "inherit"] as const;
  const check = spawn(binary, ["--fix", file.path], {
    argv0: "redis-check-aof",
    stdio: [...stdio],
  });
  check.stdin?.end("y\n");
  await once(check, "exit");
}
