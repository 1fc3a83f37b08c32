import { readFileSync } from "node:fs";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { defineAction, durable, StoreError } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CREATE_COMMANDS, VIEWER_COMMANDS, WORKER_COMMANDS } from "../src/rights/commands.ts";
import { lackedRules } from "../src/rights/require-rights.ts";
import { aclArgs, aclRules, urlOf } from "./support/acl.ts";
import { gate, Harness, WARN } from "./support/harness.ts";

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis({ args: [...aclArgs("worker"), ...aclArgs("viewer")] });
  admin = new Redis(server.url);
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const harness = new Harness();
const echo = defineAction<string, string>({ name: "echo" });
const actions = [echo.implement((_ctx, text) => text)];

/** Where a user may do what a worker may, but not these commands. */
async function userWithout(name: string, ...commands: string[]): Promise<string> {
  await admin.acl("SETUSER", name, "reset", ...aclRules("worker", commands));
  return `redis://${name}:secret@127.0.0.1:${server.port}`;
}

async function grant(name: string, command: string): Promise<void> {
  await admin.acl("SETUSER", name, `+${command}`);
}

async function refusalsOf(name: string): Promise<string[]> {
  const log = (await admin.acl("LOG")) as string[][];
  return log.filter((entry) => entry.includes(name)).map((entry) => entry[7] ?? "");
}

test("the shipped files grant the commands that are asked about, and no others", () => {
  const granted = (file: string): string[] =>
    readFileSync(new URL(`../acl/${file}.acl`, import.meta.url), "utf8")
      .split(/\s+/)
      .flatMap((rule) => (rule.startsWith("+") ? [rule.slice(1)] : []));

  expect(WORKER_COMMANDS.toSorted()).toEqual(granted("worker").toSorted());
  expect(VIEWER_COMMANDS.toSorted()).toEqual(granted("viewer").toSorted());
  expect(CREATE_COMMANDS.filter((command) => !WORKER_COMMANDS.includes(command))).toEqual([]);
});

test("F28 F29 a worker whose user lacks rights does not start, and says which rules would grant them", async () => {
  const connection = await userWithout("gaps", "zadd", "publish");
  const worker = harness.startWorker({ actions, connection });

  const refusal = await worker.ready().catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(StoreError);
  expect(String(refusal)).toMatch(
    /user "gaps" .* lacks rights that a worker needs: ACL SETUSER gaps &\{t\d+:\*\}:settled \+publish \+zadd\. .*acl\/worker\.acl/,
  );
  expect(await refusalsOf("gaps")).toEqual([]);
});

test("F28 a user that reaches no key of the namespace is told the pattern", async () => {
  await admin.acl("SETUSER", "elsewhere", "reset", "on", ">secret", "+@all", "~other:*", "&*");
  const worker = harness.startWorker({
    actions,
    connection: `redis://elsewhere:secret@127.0.0.1:${server.port}`,
  });

  await expect(worker.ready()).rejects.toThrow(/lacks rights.* ~\{t\d+:\*\}:\* /);
});

test("a worker starts without the rights that only its options would need", async () => {
  const connection = await userWithout("plain", "wait", "subscribe", "unsubscribe");

  const worker = harness.startWorker({ actions, connection });
  await worker.ready();
  const strict = harness.startWorker({ actions, connection, durability: { replicas: 1 } });

  await expect(strict.ready()).rejects.toThrow(/\+wait/);
});

test("F29 a client whose user may not write creates nothing, says what is missing, and goes on once that is granted", async () => {
  const client = harness.client({ connection: await userWithout("halved", "zadd") });

  const refused = client.enqueue(echo, "x", { runId: "r-1" });
  await expect(refused).rejects.toThrow(StoreError);
  await expect(refused).rejects.toThrow(/a client needs: ACL SETUSER halved \+zadd\./);
  expect(await admin.keys(`{${harness.namespace}:0}:*r-1*`)).toEqual([]);
  expect(await refusalsOf("halved")).toEqual([]);

  await grant("halved", "zadd");
  expect((await client.enqueue(echo, "x", { runId: "r-1" })).created).toBe(true);
});

test("a client whose user may only read looks at runs, and is not refused that", async () => {
  const writer = harness.client({ connection: server.url });
  await writer.enqueue(echo, "x", { runId: "r-1" });
  const reader = harness.client({ connection: urlOf("viewer", server.port) });

  expect(await reader.run("r-1").status()).toBe("QUEUED");
  await expect(reader.enqueue(echo, "y")).rejects.toThrow(/lacks rights that a client needs/);
});

test("who cannot be asked about is taken to lack nothing", async () => {
  await admin.acl("SETUSER", "mute", "reset", "on", ">secret", "+info");
  const mute = new Redis(`redis://mute:secret@127.0.0.1:${server.port}`);

  expect(await lackedRules(mute, "shop", WORKER_COMMANDS)).toEqual([]);

  mute.disconnect();
});

test("F29 a right that is taken away while a run executes costs no run, and repeats no call that was recorded", async () => {
  const connection = await userWithout("revoked");
  const steps: string[] = [];
  const { opened, open } = gate();
  const step = durable("step", async (name: string) => {
    steps.push(name);
    if (name === "second") await opened;
    return name;
  });
  const twice = echo.implement(async (ctx) => {
    await ctx.durableExecute(step, ["first"]);
    return ctx.durableExecute(step, ["second"]);
  });
  const worker = await harness.worker({ actions: [twice], connection });
  const run = await harness.client({ connection: server.url }).enqueue(echo, "x");
  await eventually(() => expect(steps).toHaveLength(2));

  // Of all scripts only the settlement publishes.
  await admin.acl("SETUSER", "revoked", "-publish");
  open();
  await eventually(() => {
    const warnings = worker.logs.filter(({ level }) => level >= WARN);
    expect(JSON.stringify(warnings)).toContain("NOPERM the user may not run PUBLISH");
  });
  expect(await run.status()).not.toMatch(/SUCCEEDED|FAILED/);
  await grant("revoked", "publish");

  expect(await run.result({ timeoutMs: 20_000 })).toBe("second");
  expect(steps).toEqual(["first", "second"]);
}, 40_000);
