import { EffectLedger, eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { type Client, createClient, type RunHandle } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { type RetryInput, type RetryProcessSettings, retried } from "./retry-process.ts";

const PATIENCE = { timeoutMs: 30_000 };
const ledger = new EffectLedger();
const children = new Map<string, Child>();
let redis: RedisServer;
let client: Client;

/** The tests go on where the one before left off: each kills or pauses the worker that it finds. */
beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ connection: redis.url });
  for (const name of ["first", "second", "third", "fourth"]) start({ name, role: "worker" });
  for (const dieAt of ["before", "after"] as const) start({ name: dieAt, role: "client", dieAt });
  await begin("first");
}, 90_000);

afterAll(async () => {
  for (const child of children.values()) child.kill("SIGKILL");
  for (const child of children.values()) await child.exited;
  await client.close();
  await redis.stop();
});

function start(settings: Omit<RetryProcessSettings, "url" | "ledger">): void {
  const whole = { ...settings, url: redis.url, ledger: ledger.path };
  const env = { RETRY_PROCESS: JSON.stringify(whole) };
  children.set(settings.name, new Child(new URL("./retry-process.ts", import.meta.url), env));
}

async function begin(worker: string): Promise<void> {
  ledger.write({ kind: "begin", key: worker });
  await eventually(() => expect(ledger.count("ready", worker)).toBe(1), { timeoutMs: 80_000 });
}

/** Has a client retry the run, and die. */
async function diedRetrying(name: string, runId: string): Promise<unknown> {
  ledger.write({ kind: "begin", key: name, runId });
  return (await children.get(name)?.exited)?.signal;
}

async function failed(runId: string, input: RetryInput): Promise<RunHandle<string>> {
  const run = await client.enqueue(retried, input, { runId });
  await expect(run.result(PATIENCE)).rejects.toThrow("declined");
  return run;
}

/** What was done for a run, each with the number of the key it was done under. */
function story(runId: string): string[] {
  const events = ledger.read().filter((event) => event["run"] === runId);
  const keys = [...new Set(events.map(({ key }) => key))];
  return events.map(({ kind, key }) => `${kind} ${keys.indexOf(key)}`);
}

test("F1 a retried payment whose worker is killed after it booked is found, and booked once", async () => {
  const run = await failed("r-1", { isReconcilable: true, charges: ["decline", "book-and-die"] });

  await run.retry();
  await begin("second");

  expect(await run.result(PATIENCE)).toBe("found");
  expect(story("r-1")).toEqual(["charge 0", "asked 0", "charge 1", "booked 1", "asked 1"]);
}, 90_000);

test("F1 a retried call without a reconciler whose worker is killed runs again, under one new key", async () => {
  const run = await failed("r-2", { isReconcilable: false, charges: ["decline", "die"] });

  await run.retry();
  await begin("third");

  expect(await run.result(PATIENCE)).toMatch(/^paid/);
  expect(story("r-2")).toEqual(["charge 0", "charge 1", "charge 1", "booked 1"]);
}, 90_000);

test("a client that is killed before it reopens the run leaves it failed; one killed after leaves it to the workers", async () => {
  const run = await failed("r-3", { isReconcilable: true, charges: ["decline"] });

  const early = await diedRetrying("before", "r-3");
  const untouched = await run.status();
  const late = await diedRetrying("after", "r-3");

  expect([early, untouched, late]).toEqual(["SIGKILL", "FAILED", "SIGKILL"]);
  expect(await run.result(PATIENCE)).toMatch(/^paid/);
  expect(story("r-3")).toEqual(["charge 0", "asked 0", "charge 1", "booked 1"]);
}, 90_000);

test("F2 a worker that slept through the failure and the retry of its run is fenced when it wakes", async () => {
  const charges = ["hang", "decline", "pay"] as const;
  const input = { isReconcilable: false, gate: true, charges };
  const run = await client.enqueue(retried, input, { runId: "r-4" });
  await eventually(() => expect(story("r-4")).toEqual(["charge 0"]), PATIENCE);
  children.get("third")?.kill("SIGSTOP");
  await begin("fourth");
  await expect(run.result(PATIENCE)).rejects.toThrow("declined");
  await run.retry();
  await eventually(() => expect(story("r-4")).toContain("booked 1"), PATIENCE);

  children.get("third")?.kill("SIGCONT");
  ledger.write({ kind: "open", key: "hang r-4" });
  await eventually(() => expect(ledger.count("fenced", "r-4")).toBe(1), PATIENCE);
  const { callResults } = await run.state();
  ledger.write({ kind: "open", key: "r-4" });

  const booked = ledger.read().find((e) => e.kind === "booked" && e["run"] === "r-4");
  expect(callResults).toMatchObject([{ functionId: "charge", status: "SUCCEEDED" }]);
  expect(await run.result(PATIENCE)).toBe(`paid by ${String(booked?.["by"])}`);
}, 90_000);
