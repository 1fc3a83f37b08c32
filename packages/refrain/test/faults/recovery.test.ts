import { EffectLedger, eventually, keysWithoutTtl } from "@refrain/testkit";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { stepping } from "../support/full-hands.ts";
import { FullHandsChildren } from "../support/full-hands-children.ts";
import { Harness } from "../support/harness.ts";

const harness = new Harness({ appendfsync: "always" });
const children = new FullHandsChildren(harness);
const LOCKS = { LOCK_MS: "5000", STALLED_MS: "1000" };
const RUNS = 1000;
const STEPS = 3;

// In one step, or a run may settle in between.
const TTLS_OF_LIVE_RUNS = `
  local ttls = {}
  for _, id in ipairs(redis.call("ZRANGE", KEYS[1] .. ":live", 0, -1)) do
    ttls[#ttls + 1] = redis.call("PTTL", KEYS[1] .. ":run:" .. id)
  end
  return ttls
`;

/** Redis's own word for how long each run's keys are kept; -1 is for ever. */
async function timesToLive(redis: Redis): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const key of await redis.keys(`${harness.prefix()}:run:*`)) {
    found.set(key, await redis.pttl(key));
  }
  return found;
}

/** Calls of one step that have begun and not had their effect. */
function underWay(ledger: EffectLedger, { n }: { readonly n: number }): number {
  const events = ledger.read().filter((event) => event["n"] === n);
  return events.filter(({ kind }) => kind === "begin").length * 2 - events.length;
}

test("F31 F25 a thousand runs outlive the death of all workers and of Redis at once, and leave nothing behind", async () => {
  const ledger = new EffectLedger();
  const items = Array.from({ length: RUNS }, (_, n) => ({ input: STEPS, runId: `r-${n}` }));
  const runs = await harness.client().enqueueMany(stepping, items);
  const victims = [children.start(ledger, LOCKS), children.start(ledger, LOCKS)];
  const killedAt = (RUNS * STEPS) / 4;
  await eventually(() => expect(ledger.counts("effect").size).toBeGreaterThan(killedAt), {
    timeoutMs: 40_000,
  });
  const during = harness.redis();
  const ttls = (await during.eval(TTLS_OF_LIVE_RUNS, 1, harness.prefix())) as number[];

  // Stopped, for the calls that are under way to be so still when they are killed.
  await eventually(() => {
    for (const victim of victims) victim.kill("SIGSTOP");
    if (underWay(ledger, { n: 1 }) > 10) return;
    for (const victim of victims) victim.kill("SIGCONT");
    throw new Error("no call with a reconciler is under way");
  });
  for (const victim of victims) victim.kill("SIGKILL");
  await harness.server.kill();
  await Promise.all(victims.map((victim) => victim.exited));
  await harness.server.restart();
  const next = [children.start(ledger, LOCKS), children.start(ledger, LOCKS)];
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 60_000 })));

  const attempts = results.map((result) => Number(result.replace("attempt ", "")));
  const lost = attempts.reduce((sum, attempt) => sum + attempt - 1, 0);
  expect(lost).toBeGreaterThan(10);
  const effects = ledger.read().filter(({ kind }) => kind === "effect");
  expect(new Set(effects.map(({ key }) => key)).size).toBe(RUNS * STEPS);
  // Only completion-only calls that were under way, and each lost attempt had one at most.
  expect(effects.length).toBeLessThanOrEqual(RUNS * STEPS + lost);
  expect(effects.filter(({ n }) => n === 1)).toHaveLength(RUNS);
  expect(ledger.counts("asked").size).toBeGreaterThan(0);
  expect(new Set(ttls)).toEqual(new Set([-1]));

  for (const child of next) child.kill("SIGTERM");
  await Promise.all(next.map((child) => child.exited));
  await expectCleanKeys(harness.redis());
}, 120_000);

async function expectCleanKeys(redis: Redis): Promise<void> {
  const prefix = harness.prefix();
  const ttls = await timesToLive(redis);
  expect(ttls.size).toBe(RUNS);
  const dayMs = 24 * 60 * 60 * 1000;
  const jobMs = 60 * 60 * 1000;
  expect(Math.min(...ttls.values())).toBeGreaterThan(jobMs);
  expect(Math.max(...ttls.values())).toBeLessThanOrEqual(dayMs);
  expect(await keysWithoutTtl(redis, harness.namespace, { queues: ["default"] })).toEqual([]);
  expect(await redis.zcard(`${prefix}:live`)).toBe(0);
  const documented = /^(?:run:r-\d+|rescuer|layout|default:.+)$/;
  const keys = (await redis.keys("*")).map((key) => key.replace(`${prefix}:`, ""));
  expect(keys.filter((key) => !documented.test(key))).toEqual([]);
  const locks = keys.filter((key) => key.endsWith(":lock"));
  expect(locks).toEqual([]);
}
