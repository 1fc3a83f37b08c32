import { eventually } from "@refrain/testkit";
import { currentCall, defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<null, string>({ name: "work" });

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("F2 a process that was blocked for longer than its lock starts no further effect in that attempt", async () => {
  const effects: number[] = [];
  let hasBlocked = false;
  const block = durable("block", () => {
    if (!hasBlocked) blockFor(2500);
    hasBlocked = true;
  });
  const effect = durable("effect", (attempt: number) => void effects.push(attempt));
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(block);
        await ctx.durableExecute(effect, [1]);
        return `attempt ${ctx.attempt}`;
      }),
    ],
  });

  const run = await harness.client().enqueue(action, null, { runId: "r-1" });

  expect(await run.result({ timeoutMs: 20_000 })).toBe("attempt 2");
  expect(effects).toEqual([1]);
  const fenced = await worker.event("fenced");
  expect(["lock", "superseded", "fenced"]).toContain(fenced.reason);
  const warnings = worker.logs.map((line) => line.msg).join("\n");
  expect(warnings).toMatch(/the event loop was blocked for \d+ ms/);
});

test("a call that hangs holds up neither its run nor its slot once the lock is lost", async () => {
  const signals: AbortSignal[] = [];
  const hang = durable("hang", () => {
    const { signal } = currentCall();
    signals.push(signal);
    return signals.length === 1 ? new Promise<void>(() => {}) : undefined;
  });
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    concurrency: 1,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(hang);
        return `attempt ${ctx.attempt}`;
      }),
    ],
  });
  const run = await harness.client().enqueue(action, null, { runId: "r-1" });
  await worker.event("attempt-started");

  await harness.redis().del(`${harness.prefix()}:default:run-r-1:lock`);

  expect(await run.result({ timeoutMs: 20_000 })).toBe("attempt 2");
  expect(await worker.event("fenced")).toMatchObject({ runId: "r-1", attempt: 1, reason: "lock" });
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test("F2 F14 a run that comes back to the process which still works at it replaces the older attempt", async () => {
  let calls = 0;
  const hang = durable("hang", () => {
    calls += 1;
    return calls === 1 ? new Promise<void>(() => {}) : undefined;
  });
  const worker = await harness.worker({
    // The stalled check comes round before the lock is next renewed.
    lockDurationMs: 10_000,
    stalledIntervalMs: 200,
    concurrency: 2,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(hang);
        return `attempt ${ctx.attempt}`;
      }),
    ],
  });
  const run = await harness.client().enqueue(action, null, { runId: "r-1" });
  await worker.event("attempt-started");

  await harness.redis().del(`${harness.prefix()}:default:run-r-1:lock`);

  expect(await run.result({ timeoutMs: 20_000 })).toBe("attempt 2");
  expect(await worker.event("fenced")).toMatchObject({ attempt: 1, reason: "superseded" });
});

test("a lock is renewed for as long as the run takes", async () => {
  const wait = durable("wait", () => new Promise<void>((resolve) => setTimeout(resolve, 3500)));
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(wait);
        return `attempt ${ctx.attempt}`;
      }),
    ],
  });

  const run = await harness.client().enqueue(action, null);

  expect(await run.result({ timeoutMs: 20_000 })).toBe("attempt 1");
  expect(worker.events.filter((event) => event.type === "fenced")).toEqual([]);
});

test("after Redis stood still for longer than a lock, every run still ends, each effect once", async () => {
  const effects: string[] = [];
  const effect = durable("effect", async (name: string) => {
    effects.push(name);
    await new Promise((resolve) => setTimeout(resolve, 30));
  });
  await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        for (const step of [1, 2, 3]) {
          await ctx.durableExecute(effect, [`${ctx.runId}/${step}`], {
            reconciler: () => undefined,
          });
        }
        return "done";
      }),
    ],
  });
  const client = harness.client();
  const items = Array.from({ length: 20 }, (_, n) => ({ input: null, runId: `r-${n}` }));
  const handles = await client.enqueueMany(action, items);
  await eventually(() => expect(effects.length).toBeGreaterThan(3));

  harness.server.pause();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  harness.server.resume();

  const results = await Promise.all(handles.map((run) => run.result({ timeoutMs: 25_000 })));
  expect(new Set(results)).toEqual(new Set(["done"]));
  expect(effects.length).toBe(new Set(effects).size);
});
