import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { pino } from "pino";
import { createClient, createWorker, defineAction, durable } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";

// The files as they are shipped, read by a server as its aclfile. That a worker and a client need no more than the first of
// them is what every other test here shows: their harness gives them no other user.

const FILES = ["worker", "viewer"].map((name) => new URL(`../acl/${name}.acl`, import.meta.url));
const PASSWORD = "a long secret";

let folder: string;
let server: RedisServer;
const opened: Redis[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "refrain-acl-"));
  const file = path.join(folder, "users.acl");
  const shipped = await Promise.all(FILES.map((each) => readFile(each, "utf8")));
  const hash = createHash("sha256").update(PASSWORD).digest("hex");
  const users = shipped.join("").replaceAll("SHA256-OF-THE-PASSWORD", hash);
  await writeFile(file, `user default on nopass ~* &* +@all\n${users}`);
  server = await startRedis({ args: ["--aclfile", file] });
});

afterAll(async () => {
  for (const redis of opened) redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

function urlOf(user: string): string {
  return `redis://${user}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
}

function connect(url: string): Redis {
  const redis = new Redis(url);
  opened.push(redis);
  return redis;
}

test("the shipped user runs and awaits a run of the namespace, and is refused nothing on the way", async () => {
  const double = defineAction<number, number>({ name: "double" });
  const multiply = durable("multiply", (a: number, b: number) => a * b);
  const implementation = double.implement((ctx, n) => ctx.durableExecute(multiply, [n, 2]));
  const logger = pino({ level: "silent" });
  const worker = createWorker({
    connection: urlOf("refrain-worker"),
    actions: [implementation],
    logger,
  });
  const client = createClient({ connection: urlOf("refrain-worker") });

  const run = await client.enqueue(double, 21);
  expect(await run.result()).toBe(42);

  expect(await connect(server.url).acl("LOG")).toEqual([]);
  for (const each of [client, worker]) await each.close();
});

test("the shipped users reach no other namespace, and nothing that rules the server", async () => {
  const worker = connect(urlOf("refrain-worker"));
  const viewer = connect(urlOf("refrain-viewer"));

  for (const redis of [worker, viewer]) {
    const tries = [
      ["HGETALL", "{payroll:0}:run:1"],
      ["GET", "session:1"],
      ["CONFIG", "GET", "*"],
      ["ACL", "LIST"],
      ["CLIENT", "LIST"],
      ["KEYS", "*"],
      ["SCAN", "0"],
      ["FLUSHALL"],
      ["SCRIPT", "FLUSH"],
      ["REPLICAOF", "NO", "ONE"],
      ["MONITOR"],
      ["SUBSCRIBE", "{payroll:0}:settled"],
    ] as const;
    for (const [command, ...args] of tries) {
      await expect(redis.call(command, ...args)).rejects.toThrow(/NOPERM/);
    }
  }
});

test("the viewer writes nothing, not even by a script", async () => {
  const viewer = connect(urlOf("refrain-viewer"));
  const key = "{refrain:0}:run:1";

  const tries = [
    ["HSET", key, "status", "SUCCEEDED"],
    ["DEL", key],
    ["ZADD", "{refrain:0}:live", "1", "1"],
    ["PUBLISH", "{refrain:0}:settled", "1"],
    ["EVAL", "return redis.call('HSET', KEYS[1], 'status', 'SUCCEEDED')", "1", key],
  ] as const;
  for (const [command, ...args] of tries) {
    await expect(viewer.call(command, ...args)).rejects.toThrow(/NOPERM|can't run this command/);
  }
});

test("a shipped file whose password nobody filled in is refused by the server", async () => {
  const admin = connect(server.url);

  for (const file of FILES) {
    const [, ...rule] = (await readFile(file, "utf8")).trim().split(" ");
    await expect(admin.call("ACL", "SETUSER", ...rule)).rejects.toThrow(/SHA256-OF-THE-PASSWORD/);
  }
});
