import { EffectLedger, eventually } from "@refrain/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { Harness } from "../support/harness.ts";
import { implementPayment, payment, type Stall, stalls } from "./zombie-action.ts";

const harness = new Harness();
const ledger = new EffectLedger();
const names = Object.keys(stalls).map((stall, index) => ({ stall, name: `payment-${index}` }));
const outputs = new Map<string, string>();
const exits = new Map<string, number | null>();
const isCompleted = new Map<string, boolean>();

/** A worker that stands still over a run until another one has ended it, wakes, and is closed. */
async function haunt(name: string, stall: Stall): Promise<void> {
  const namespace = "zombies";
  const run = await harness.client({ namespace }).enqueue(payment(name), null, { runId: name });
  const zombie = new Child(new URL("./zombie-worker.ts", import.meta.url), {
    REDIS: harness.url(),
    NAMESPACE: namespace,
    LEDGER: ledger.path,
    ACTION: name,
    STALL: JSON.stringify(stall),
  });
  harness.defer(async () => zombie.kill("SIGKILL"));
  await happened("stalled", name);
  if (stall.how === "stop") zombie.kill("SIGSTOP");
  await harness.worker({
    namespace,
    lockDurationMs: 1500,
    stalledIntervalMs: 500,
    actions: [implementPayment(name, { ledger, by: "survivor", stall: () => {} })],
  });
  outputs.set(name, await run.result({ timeoutMs: 60_000 }));
  ledger.write({ kind: "wake", key: name });
  if (stall.how === "stop") zombie.kill("SIGCONT");
  await happened("fenced", name);
  if (stall.at === "fn") {
    await eventually(() => {
      if (charges(name).length < 2) throw new Error("the zombie's charge is not there yet");
    }, PATIENCE);
  }
  zombie.kill("SIGTERM");
  exits.set(name, (await zombie.exited).code);
  const completed = `{${namespace}:0}:${name}:completed`;
  isCompleted.set(name, (await harness.redis().zscore(completed, `run-${name}`)) !== null);
}

const PATIENCE = { timeoutMs: 60_000 };

function happened(kind: string, name: string): Promise<void> {
  return eventually(() => {
    if (ledger.count(kind, name) === 0) throw new Error(`${name}: nothing "${kind}" yet`);
  }, PATIENCE);
}

function charges(name: string) {
  return ledger.read().filter(({ kind, key }) => kind === "charge" && key === name);
}

function doers(what: string, name: string): unknown[] {
  return ledger
    .read()
    .filter(({ kind, key }) => kind === what && key === name)
    .map(({ by }) => by);
}

beforeAll(async () => {
  await Promise.all(
    names.map(({ name, stall }) => haunt(name, stalls[stall as keyof typeof stalls])),
  );
}, 180_000);
afterAll(() => ledger.close());

describe.each(names)("a worker that stands still $stall", ({ name, stall }) => {
  test("F2 is fenced when it wakes: what it did is not seen, and it neither settles nor finishes", () => {
    expect(outputs.get(name)).toBe("survivor");
    expect(ledger.count("settled", name)).toBe(0);
    expect(doers("receipt begins", name)).toEqual(["survivor"]);
    expect(isCompleted.get(name)).toBe(true);
    expect(exits.get(name)).toBe(0);
  });

  test("F3 starts no fn when it wakes; one that had begun may take effect, under the same key", () => {
    const isInFn = stalls[stall as keyof typeof stalls].at === "fn";

    expect(doers("looked", name)).toEqual(["survivor"]);
    expect(doers("charge begins", name)).toEqual(isInFn ? ["zombie", "survivor"] : ["survivor"]);
    expect(doers("charge", name)).toEqual(isInFn ? ["survivor", "zombie"] : ["survivor"]);
    expect(new Set(charges(name).map((charge) => charge["idempotencyKey"])).size).toBe(1);
  });
});
