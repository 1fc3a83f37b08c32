import { type PendingCall } from "@refrain/core";
import { eventually, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { RedisSettledHints, RedisStore, readServerInfo, waitUntilReady } from "../src/index.ts";
import * as scripts from "../src/scripts.generated.ts";
import { deliveryOf, newRun, sampleCall } from "./store-bench.ts";
import { addWorkerUser, workerRules } from "./worker-user.ts";

const FAILURE = {
  status: "FAILED",
  payload: Buffer.from("error"),
  failedSlot: 0,
  retentionMs: 60_000,
} as const;

it("the rights of a worker, and SCAN for prune, are enough for everything a store does", async () => {
  await using server = await startRedis();
  const admin = new Redis(server.url);
  const url = (await addWorkerUser(admin, "refrain", ["+scan"])).urlOf(server.url);
  const [redis, subscriber] = [new Redis(url), new Redis(url)];
  await waitUntilReady(redis);
  const store = new RedisStore({ redis });
  const hints = new RedisSettledHints({ redis: subscriber });
  const heard = new Promise<void>((resolve) => {
    hints.onSettled("order-1", resolve);
  });
  await eventually(async () => {
    expect(await admin.pubsub("NUMSUB", "{refrain:0}:settled")).toContain(1);
  });

  expect((await readServerInfo(redis)).get("role")).toBe("master");
  await store.ready();
  const run = newRun({ runId: "order-1" });
  await store.create(run);
  const large = sampleCall(Buffer.alloc(300 * 1024));
  await admin.hset("{refrain:0}:run:order-1:calls", "0", Buffer.from(large));
  for (const attemptsStarted of [1, 2]) {
    const reply = await store.claim(deliveryOf(run, { attemptsStarted }));
    if (reply.kind !== "claimed") throw new Error(reply.kind);
    reply.claim.clear(3, 4);
    if (attemptsStarted === 1) reply.claim.release(0);
    else {
      reply.claim.settle(FAILURE);
    }
    await reply.claim.acknowledged();
  }
  await heard;
  expect(await store.rebuild()).toEqual([]);
  const failed = await store.read("order-1");
  expect(failed?.calls).toHaveLength(1);
  const reopening = { runId: "order-1", requestId: "r", call: failed?.calls[0] as PendingCall };
  expect(await store.reopen({ ...reopening, v: failed?.v ?? 0, reopened: [] })).toEqual({
    kind: "reopened",
  });
  const again = await store.claim(deliveryOf(run, { attemptsStarted: 3 }));
  if (again.kind !== "claimed") throw new Error(again.kind);
  again.claim.settle(FAILURE);
  await again.claim.acknowledged();
  expect(await store.lead(0, "owner", 1000)).toBe(true);
  expect(await store.prune(Date.now() + 1000)).toBe(1);

  await hints.close();
  expect(await admin.acl("LOG")).toEqual([]);
  for (const connection of [admin, redis, subscriber]) connection.disconnect();
});

it("a worker may run every command that the scripts use", () => {
  const allowed = new Set(workerRules("refrain").map((rule) => rule.slice(1).toUpperCase()));

  const used = Object.values(scripts).flatMap(({ name, lua }) =>
    [...lua.matchAll(/redis\.call\('(?<command>[A-Z]+)'/g)].map(({ groups }) => {
      return { name, command: groups?.["command"] ?? "" };
    }),
  );

  expect(used.length).toBeGreaterThan(20);
  expect(used.filter(({ command }) => !allowed.has(command))).toEqual([]);
});
