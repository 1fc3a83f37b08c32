// The demonstration itself, with a handful of orders: what it says when it shows too little, and what it leaves behind.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { compile } from "./compiled.ts";

const UP_WITHIN = { timeoutMs: 45_000 };
const ORDERS = ["a", "b", "c"].map((id) =>
  JSON.stringify({ id, customer: "Ada", email: "ada@example.com", sku: "MUG-BLUE", cents: 1450 }),
);

// Several processes start in each of these, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

let main: string;
let redis: RedisServer;
let dir: string;
let few: string;

beforeAll(async () => {
  main = path.join(compile(), "main.js");
  redis = await startRedis();
  return () => redis.stop();
});

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-demo-"));
  few = path.join(dir, "few.ndjson");
  fs.writeFileSync(few, ORDERS.join("\n"));
  return () => fs.rmSync(dir, { recursive: true, force: true });
});

it("fulfils its orders, fails for want of kills, and leaves nothing behind", async () => {
  const demo = startDemo("--orders", few);

  const [output, code] = await Promise.all([text(demo.stdout), exitCode(demo)]);

  expect(output).toMatch(/orders accepted +3\n +settled +3\n/);
  expect(output).toMatch(/doubled +0\n +lost +0\n/);
  expect(output).toContain("of 8 kills hit a live worker");
  expect(code).toBe(1);
  expect(await traces()).toEqual([]);
});

it.each(["SIGINT", "SIGTERM"] as const)("leaves nothing behind at %s", async (signal) => {
  const demo = startDemo("--orders", few);
  const children = await childrenOf(demo.pid);

  demo.kill(signal);

  expect(await exitCode(demo)).toBe(130);
  await eventually(() => expect(children.filter(isAlive)).toEqual([]), UP_WITHIN);
  expect(await traces()).toEqual([]);
});

it("takes all its processes along when it is killed itself", async () => {
  const demo = startDemo("--keep", "--orders", few);
  const children = await childrenOf(demo.pid);

  demo.kill("SIGKILL");

  await eventually(() => expect(children.filter(isAlive)).toEqual([]), UP_WITHIN);
});

it("stays up with --keep, says where, and ends at Ctrl-C", async () => {
  const demo = startDemo("--keep", "--orders", few);
  let output = "";
  demo.stdout.on("data", (chunk) => (output += String(chunk)));
  await eventually(() => expect(output).toContain("Ctrl-C ends it all"), UP_WITHIN);
  const url = /The board stays at (?<url>\S+),/.exec(output)?.groups?.["url"] ?? "";

  expect((await fetch(url)).status).toBe(200);
  demo.kill("SIGINT");
  expect(await exitCode(demo)).toBe(130);
});

it("says what it takes when it is asked for something else", async () => {
  const demo = startDemo("--sed", "1");

  const [complaint, code] = await Promise.all([text(demo.stderr), exitCode(demo)]);

  expect(complaint).toMatch(/--sed[^]*--seed N/);
  expect(code).toBe(2);
});

function startDemo(...args: string[]) {
  return spawn(process.execPath, [main, ...args], {
    env: { ...process.env, REDIS_URL: redis.url, TMPDIR: dir },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What is left in Redis and in the directory for temporary files. */
async function traces(): Promise<string[]> {
  const client = new Redis(redis.url);
  const keys = await client.keys("*");
  client.disconnect();
  return [...keys, ...fs.readdirSync(dir).filter((name) => name.startsWith("refrain-quickstart"))];
}

/** The gateway and the three workers, once they run. */
function childrenOf(parent: number | undefined): Promise<number[]> {
  return eventually(() => {
    const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
    const rows = table
      .trim()
      .split("\n")
      .map((row) => row.trim().split(/\s+/).map(Number));
    const children = rows.flatMap(([pid, ppid]) => (ppid === parent && pid ? [pid] : []));
    expect(children.length).toBeGreaterThanOrEqual(4);
    return children;
  }, UP_WITHIN);
}

async function exitCode(child: ReturnType<typeof startDemo>): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
