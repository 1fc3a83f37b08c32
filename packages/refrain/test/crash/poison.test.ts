import { CrashPoints, EffectLedger } from "@refrain/testkit";
import { PoisonRunError } from "refrain";
import { expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { Harness } from "../support/harness.ts";
import { crashActionOf, implementCrashAction, sequence } from "./crash-action.ts";
import type { CrashWorkerSettings } from "./crash-worker.ts";

const harness = new Harness();
const poison = crashActionOf("poison");

/** Lets the run kill one worker after the other. */
async function killWorkers(count: number, at: string, ledger: EffectLedger): Promise<void> {
  const settings: CrashWorkerSettings = {
    url: harness.url(),
    namespace: harness.namespace,
    ledger: ledger.path,
    actions: [{ name: "poison", program: sequence }],
    poisonAfter: 2,
  };
  const env = { CRASH_WORKER: JSON.stringify(settings), REFRAIN_CRASH_AT: at };
  for (let n = 0; n < count; n++) {
    const child = new Child(new URL("./crash-worker.ts", import.meta.url), env);
    harness.defer(async () => child.kill("SIGKILL"));
    expect((await child.exited).signal).toBe("SIGKILL");
  }
}

function survivor(ledger: EffectLedger) {
  const parts = { ledger, points: new CrashPoints({ at: "" }), program: sequence };
  return harness.worker({
    lockDurationMs: 1500,
    stalledIntervalMs: 500,
    poisonAfter: 2,
    actions: [implementCrashAction("poison", parts)],
  });
}

test("a run that only ever kills its worker fails, names the call that does it, and goes on when it is retried", async () => {
  const ledger = new EffectLedger();
  const run = await harness.client().enqueue(poison, null, { runId: "r-1" });
  // The first of them recorded a call and started the next: that was progress.
  await killWorkers(3, "r-first.fn.before", ledger);

  const worker = await survivor(ledger);

  const failed = run.result({ timeoutMs: 20_000 });
  await expect(failed).rejects.toBeInstanceOf(PoisonRunError);
  await expect(failed).rejects.toThrow(
    /2 attempts vanished .* the started call of r-first \(slot 1\)/,
  );
  expect(ledger.counts("attempt").get("r-1")).toBe(3);
  expect(worker.logs.some((line) => line.level === 50 && line.run === "r-1")).toBe(true);

  // Nothing here kills this worker: it is as if a release had mended it.
  await run.retry();
  expect((await run.result({ timeoutMs: 20_000 })).split(" ")).toHaveLength(6);
}, 60_000);

test("attempts that made progress do not count, however often they vanish", async () => {
  const ledger = new EffectLedger();
  const run = await harness.client().enqueue(poison, null, { runId: "r-1" });
  for (const at of ["c-first.record.after", "c-middle.record.after", "r-middle.finalize.after"]) {
    await killWorkers(1, at, ledger);
  }

  await survivor(ledger);

  const output = await run.result({ timeoutMs: 20_000 });
  expect(output.split(" ")).toHaveLength(6);
}, 60_000);
