import type { Risk } from "@refrain/redis-store";
import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { defineAction } from "refrain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Diagnosis } from "../src/doctor/diagnosis.ts";
import { examine } from "../src/doctor/examine.ts";
import { aclArgs, aclRules, urlOf } from "./support/acl.ts";
import { refrain } from "./support/cli.ts";
import { gate, Harness } from "./support/harness.ts";

/** What the command finds, without a process of its own. */
async function diagnose(
  url: string,
  namespace = "refrain",
  acceptRisks: readonly Risk[] = [],
): Promise<Diagnosis> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const found = await examine(redis, { address: "", namespace, queues: [], acceptRisks });
  redis.disconnect();
  return found;
}

const problemsOf = ({ problems }: Diagnosis) => problems.map(({ problem }) => problem);

/** What a worker leaves and removes as time goes by. */
const isNoWorkersOwn = (key: string): boolean => !/stalled|rescuer/.test(key);

const harness = new Harness({ args: aclArgs("viewer") });

test("doctor finds nothing wrong with a namespace at work, by the rights of a viewer, and changes nothing", async () => {
  const { opened, open } = gate();
  const action = defineAction<null, void>({ name: "wait" });
  await harness.worker({ actions: [action.implement(() => opened)], concurrency: 1 });
  const client = harness.client();
  const running = await client.enqueue(action, null, { runId: "r-1" });
  await client.enqueue(action, null, { runId: "r-2" });
  await client.enqueue(action, null, { runId: "r-3", delayMs: 60_000 });
  const redis = harness.redis();
  const keys = (await redis.keys("*")).filter(isNoWorkersOwn);

  const url = urlOf("viewer", harness.server.port);
  const found = await diagnose(url, harness.namespace);
  const told = await refrain(["doctor", "--namespace", harness.namespace], { REDIS_URL: url });

  expect(problemsOf(found)).toEqual([]);
  expect(found.server).toMatchObject({ product: "Redis", role: "master", replicas: 0 });
  expect(found.durability).toMatchObject({ level: "append-only", appendfsync: "unknown" });
  expect(Math.abs(found.clock?.aheadMs ?? Number.NaN)).toBeLessThan(1000);
  expect(found.access).toMatchObject({ user: "viewer", lacksForViewer: [] });
  expect(found.namespace).toMatchObject({
    layout: { version: 1, shards: 1 },
    liveRuns: 3,
    oldestLiveRun: { runId: "r-1", action: "wait" },
    queues: [{ name: "default", waiting: 1, active: 1, delayed: 1, failed: 0, hasWorker: true }],
  });
  expect(told).toMatchObject({ code: 0, err: "" });
  expect(told.out).toMatch(/as a worker or client +no: it may only read\n/);
  expect(told.out).toMatch(/queue default +1 waiting, 1 active, 1 delayed.*a worker was seen\n/);
  expect(told.out).toMatch(/a crash takes +nothing acknowledged\n/);
  expect(told.out).toMatch(/no problems\n$/);
  expect(told.out).not.toContain("secret");
  const left = (await redis.keys("*")).filter(isNoWorkersOwn);
  expect(left.toSorted()).toEqual(keys.toSorted());
  open();
  await running.result();
});

test("doctor names live runs without a job, waiting jobs without a worker, and a layout it does not know", async () => {
  const action = defineAction<null, void>({ name: "wait" });
  const client = harness.client();
  for (const runId of ["r-1", "r-2"]) await client.enqueue(action, null, { runId });
  const redis = harness.redis();
  const { namespace } = harness;
  const prefix = harness.prefix();
  await redis.del(`${prefix}:default:run-r-1`);
  for (const runId of ["r-1", "r-2"]) await redis.zadd(`${prefix}:live`, "1", runId);

  const url = harness.server.url;
  const found = await diagnose(url, namespace);
  await redis.hset(`{later:0}:layout`, "version", 99, "shards", 1);
  const later = await diagnose(url, "later");
  const unused = await diagnose(url, "unused");

  expect(problemsOf(found)).toEqual([
    expect.stringMatching(/^queue default: 2 jobs wait, and no worker was seen/),
    "1 of the 2 oldest live runs have no job, the first is r-1",
  ]);
  expect(problemsOf(later)).toEqual([
    expect.stringMatching(/version 99, and this release knows 1/),
  ]);
  expect([problemsOf(unused), unused.namespace?.layout]).toEqual([[], undefined]);
});

describe("of a server", () => {
  let careless: RedisServer;
  let locked: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    const args = ["--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru"];
    careless = await startRedis({ args: ["--appendonly", "no", ...args] });
    locked = await startRedis({ args: ["--requirepass", "secret"] });
    admin = new Redis(`redis://:secret@127.0.0.1:${locked.port}`);
  });

  afterAll(async () => {
    admin.disconnect();
    await careless.stop();
    await locked.stop();
  });

  test("doctor names each thing that makes it unsafe, with what to change", async () => {
    const redis = new Redis(careless.url);
    await redis.replicaof("127.0.0.1", harness.server.port);
    const told = await refrain(["doctor", "--url", careless.url]);
    const accepted = await diagnose(careless.url, "refrain", ["no-persistence"]);
    redis.disconnect();

    expect(told.code).toBe(1);
    for (const [problem, fix] of [
      [/error: the server is a replica/, /fix: Connect to its master/],
      [/error: maxmemory-policy is volatile-lru/, /fix: Set `maxmemory-policy noeviction`/],
      [/error: the append-only file is off/, /fix: Set `appendonly yes`/],
    ] as const) {
      expect(told.out).toMatch(problem);
      expect(told.out).toMatch(fix);
    }
    expect(told.out).toMatch(/a crash takes +everything/);
    expect(problemsOf(accepted).join()).not.toContain("append-only");
  });

  test("doctor names the rights that a user lacks, and how to grant them", async () => {
    const rules = aclRules("worker", ["zadd", "publish"]);
    await admin.acl("SETUSER", "gaps", ...rules);
    await admin.acl("SETUSER", "blind", "on", ">secret", "+@all", "~other:*");
    await admin.acl("SETUSER", "mute", "on", ">secret", "-@all", "+info");
    const urlFor = (user: string) => `redis://${user}:secret@127.0.0.1:${locked.port}`;

    const [gaps, blind, mute] = await Promise.all([
      diagnose(urlFor("gaps")),
      diagnose(urlFor("blind")),
      refrain(["doctor", "--url", urlFor("mute")]),
    ]);

    expect(gaps.problems).toEqual([
      expect.objectContaining({ fix: "ACL SETUSER gaps &{refrain:*}:settled +publish +zadd" }),
    ]);
    expect(problemsOf(blind)).toEqual([
      expect.stringContaining("lacks rights that the board needs"),
    ]);
    expect(blind.namespace).toBeUndefined();
    expect(blind.access.lacksForViewer).toContain("~{refrain:*}:*");
    expect([mute.code, mute.err]).toEqual([
      2,
      expect.stringMatching(/cannot be found out: NOPERM/),
    ]);
    const log = (await admin.acl("LOG")) as string[][];
    expect(log.filter((entry) => entry.includes("gaps"))).toEqual([]);
  });

  test("doctor says at once, and without the password, that it cannot look", async () => {
    const at = `127.0.0.1:${locked.port}`;
    const [wrong, nobody] = await Promise.all([
      refrain(["doctor", "--url", `redis://:hunter2@${at}`]),
      refrain(["doctor", "--url", "redis://:hunter2@127.0.0.1:1"]),
    ]);

    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/credentials: WRONGPASS/)]);
    expect([nobody.code, nobody.err]).toEqual([
      2,
      expect.stringMatching(/cannot be reached.*ECONNREFUSED/),
    ]);
    expect(wrong.err + nobody.err).not.toContain("hunter2");
  });
});

test("a command that is not right is refused, and says why; the rest tell what there is", async () => {
  const ran = await Promise.all(
    [
      ["doctor", "--nmaespace", "x"],
      ["doctor", "--accept-risk", "all"],
      ["doctor", "--help"],
    ].map((args) => refrain(args)),
  );

  expect(ran).toEqual([
    { code: 2, out: "", err: expect.stringContaining("Unknown option '--nmaespace'") },
    { code: 2, out: "", err: expect.stringContaining("--accept-risk must be a list of no-persis") },
    { code: 0, out: expect.stringContaining("Exit codes: 0"), err: "" },
  ]);
});
