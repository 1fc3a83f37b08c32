import { EffectLedger, eventually } from "@refrain/testkit";
import { expect, test } from "vitest";
import { HANGS, hang, hanging, stepping, stepsInto } from "../support/full-hands.ts";
import { FullHandsChildren } from "../support/full-hands-children.ts";
import { Harness } from "../support/harness.ts";

const harness = new Harness();
const children = new FullHandsChildren(harness);
const RUNS = 50;
const STEPS = 40;

test("F23 SIGTERM hands 50 runs in flight back at once, at the price of no attempt and no effect", async () => {
  const ledger = new EffectLedger();
  const items = Array.from({ length: RUNS }, (_, n) => ({ input: STEPS, runId: `r-${n}` }));
  const runs = await harness.client().enqueueMany(stepping, items);
  const child = children.start(ledger);
  await eventually(() => expect(ledger.counts("effect").size).toBeGreaterThan(5 * RUNS), {
    timeoutMs: 40_000,
  });

  const toldAt = performance.now();
  child.kill("SIGTERM");
  const { code } = await child.exited;
  const tookMs = performance.now() - toldAt;

  expect(code).toBe(0);
  // It would be 30 s if one run were waited for.
  expect(tookMs).toBeLessThan(3000);
  expect(ledger.counts("effect").size).toBeLessThan(STEPS * RUNS);
  const jobs = await harness.queue().getJobs("waiting");
  expect(jobs).toHaveLength(RUNS);
  for (const { attemptsMade, stalledCounter, attemptsStarted } of jobs) {
    expect([attemptsMade, stalledCounter, attemptsStarted]).toEqual([0, 0, 1]);
  }
  await harness.worker({ concurrency: RUNS, actions: [stepsInto(ledger)] });
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 40_000 })));
  expect(new Set(results)).toEqual(new Set(["attempt 2"]));
  const effects = ledger.counts("effect");
  expect([effects.size, Math.max(...effects.values())]).toEqual([STEPS * RUNS, 1]);
  expect(ledger.counts("asked").size).toBe(0);
}, 90_000);

test("F23 a second SIGTERM ends a process at once whose runs hang and whose Redis does not answer", async () => {
  await harness.client().enqueueMany(
    hanging,
    HANGS.map((input) => ({ input })),
  );
  const child = children.start(new EffectLedger());
  await eventually(() => expect(child.output.match(/^hangs/gm)).toHaveLength(HANGS.length), {
    timeoutMs: 40_000,
  });
  harness.server.pause();

  child.kill("SIGTERM");
  await eventually(() => expect(child.output).toContain("worker closing"));
  child.kill("SIGTERM");
  const { code, signal } = await child.exited;

  harness.server.resume();
  expect([code, signal]).toEqual([128 + 15, null]);
}, 90_000);

const LOCK_MS = 10_000;

test.each(["answers", "stands still", "is gone"])(
  "F23 closing is bounded whatever hangs, while Redis %s",
  async (redis) => {
    const hangs: string[] = [];
    const worker = await harness.worker({
      drainTimeoutMs: 1000,
      lockDurationMs: LOCK_MS,
      actions: [hang((where) => hangs.push(where))],
    });
    const items = HANGS.map((input, n) => ({ input, runId: `r-${n}` }));
    await harness.client().enqueueMany(hanging, items);
    await eventually(() => expect(hangs).toHaveLength(HANGS.length));
    if (redis === "stands still") harness.server.pause();
    if (redis === "is gone") await harness.server.kill();

    const before = Date.now();
    await worker.close();
    const after = Date.now();

    if (redis === "stands still") harness.server.resume();
    if (redis === "is gone") await harness.server.restart();
    expect(after - before).toBeLessThan(9000);
    if (redis !== "answers") return;
    const queue = harness.queue();
    const jobs = await Promise.all(HANGS.map((_, n) => queue.getJob(`run-r-${n}`)));
    const states = await Promise.all(jobs.map(async (job) => job?.getState()));
    expect(states).toEqual(["waiting", "delayed", "waiting", "waiting"]);
    const dueAt = await harness.dueAt("r-1");
    expect(dueAt).toBeGreaterThanOrEqual(before + LOCK_MS);
    expect(dueAt).toBeLessThanOrEqual(after + LOCK_MS);
    expect(jobs.map((job) => [job?.attemptsMade, job?.stalledCounter])).toEqual(
      HANGS.map(() => [0, 0]),
    );
  },
  30_000,
);
