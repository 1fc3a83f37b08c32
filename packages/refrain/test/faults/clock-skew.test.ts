import { EffectLedger, eventually } from "@refrain/testkit";
import { Redis } from "ioredis";
import { defineAction } from "refrain";
import { afterAll, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { Harness } from "../support/harness.ts";
import type { SkewedWorkerSettings } from "./skewed-worker.ts";

const harness = new Harness();
const ledger = new EffectLedger();
const children: Child[] = [];
const TEN_MINUTES = 600_000;
const SKEW = new URL("./skew.mjs", import.meta.url).href;

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  ledger.close();
});

/** Starts worker processes with wrong clocks; resolves when all take runs. */
async function workers(skews: readonly number[], actions: readonly string[]): Promise<Child[]> {
  const { url } = harness.server;
  const settings: SkewedWorkerSettings = { url, ledger: ledger.path, actions };
  const ready = ledger.read().filter(({ kind }) => kind === "ready").length;
  const started = skews.map((skew) => {
    const env = { SKEW_MS: String(skew), NODE_OPTIONS: `--import=${SKEW}` };
    const module = new URL("./skewed-worker.ts", import.meta.url);
    return new Child(module, { ...env, SKEWED_WORKER: JSON.stringify(settings) });
  });
  children.push(...started);
  const all = ready + skews.length;
  await eventually(
    () => expect(ledger.read().filter(({ kind }) => kind === "ready")).toHaveLength(all),
    { timeoutMs: 40_000 },
  );
  return started;
}

const action = (name: string) => defineAction<null, string>({ name });

async function enqueue(names: readonly string[]) {
  const client = harness.client({ namespace: "refrain" });
  return Promise.all(
    names.map((name, n) => client.enqueue(action(name), null, { runId: `${name}-${n}` })),
  );
}

test("F13 workers whose clocks differ by 20 minutes end every run, do nothing twice, and park none", async () => {
  const names = Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? "asking" : "plain"));
  const skewed = await workers([-TEN_MINUTES, 0, TEN_MINUTES], ["plain", "asking"]);

  const runs = await enqueue(names);
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 40_000 })));

  expect(new Set(results)).toEqual(new Set(["done", "found"]));
  expect(Math.max(...ledger.counts("effect").values())).toBe(1);
  expect(ledger.counts("effect").size).toBe(30 * 3 + 10);
  for (const child of skewed) child.kill("SIGKILL");
}, 120_000);

test("F13 what a worker with a wrong clock hands back waits no longer for that, not even when it dies", async () => {
  const ignorant = await workers([TEN_MINUTES, -TEN_MINUTES], ["unrelated"]);
  const runs = await enqueue(Array.from({ length: 10 }, () => "handed-back"));
  const redis = new Redis(harness.server.url);
  const handedBack = async (): Promise<number> => {
    const starts = await Promise.all(
      runs.map(({ runId }) => redis.hget(`{refrain:0}:default:run-${runId}`, "ats")),
    );
    return Math.min(...starts.map(Number));
  };
  await eventually(async () => expect(await handedBack()).toBeGreaterThan(1), {
    timeoutMs: 40_000,
  });

  for (const child of ignorant) child.kill("SIGKILL");
  await Promise.all(ignorant.map(({ exited }) => exited));
  const [right] = await workers([0], ["handed-back"]);
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 30_000 })));

  expect(results).toHaveLength(10);
  expect(ignorant.map(({ output }) => output.includes("differ by more than a second"))).toEqual([
    true,
    true,
  ]);
  right?.kill("SIGKILL");
  redis.disconnect();
}, 120_000);
