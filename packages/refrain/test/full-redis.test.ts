import { EffectLedger, eventually, FullPort } from "@refrain/testkit";
import { RunWorker } from "@refrain/worker";
import { pino } from "pino";
import { currentCall, defineAction, durable, notStarted, RunStatus } from "refrain";
import { expect, test } from "vitest";
import { workerParts } from "../src/create-worker.ts";
import { gate, Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<number, number>({ name: "work" });

/** An action of some calls, the first of which waits for its gate. The ledger knows which calls began. */
function gated() {
  const ledger = new EffectLedger();
  const [brief, stuck] = [gate(), gate()];
  const step = durable("step", async (n: number, isStuck: boolean) => {
    ledger.write({ kind: "begin", key: currentCall().idempotencyKey });
    if (n === 0) await (isStuck ? stuck : brief).opened;
    return n;
  });
  const implementation = action.implement(async (ctx, steps) => {
    let last = -1;
    for (let n = 0; n < steps; n++) {
      const isStuck = ctx.runId === "stuck";
      const reconciler = () => (isStuck ? 77 : notStarted());
      last = await ctx.durableExecute(step, [n, isStuck], { reconciler });
    }
    return last;
  });
  return { implementation, brief, stuck, begun: () => [...ledger.counts("begin").values()] };
}

/** Resolves when BullMQ's lock of a run's job has run out. */
function lockGone(runId: string): Promise<void> {
  const redis = harness.redis();
  const key = `${harness.prefix()}:default:run-${runId}:lock`;
  return eventually(async () => expect(await redis.exists(key)).toBe(0));
}

async function setFull(isFull: boolean): Promise<void> {
  await harness.redis().config("SET", "maxmemory", isFull ? "1" : "0");
}

test("F6 a full Redis takes what calls came to, starts no call, fails no run, and fences zombies", async () => {
  const { implementation, brief, stuck, begun } = gated();
  const worker = await harness.worker({ ...SHORT_LOCKS, actions: [implementation] });
  const client = harness.client();
  const [ending, going, zombie] = await client.enqueueMany(action, [
    { input: 1, runId: "ending" },
    { input: 3, runId: "going" },
    { input: 1, runId: "stuck" },
  ]);
  await eventually(() => expect(begun()).toHaveLength(3));

  await setFull(true);
  brief.open();
  await eventually(async () => expect(await ending?.status()).toBe(RunStatus.SUCCEEDED));
  await eventually(async () => {
    const { callResults } = (await going?.state()) ?? {};
    expect(callResults).toMatchObject([{ status: "SUCCEEDED" }]);
  });
  const enqueued = client.enqueue(action, 1, { runId: "late" });
  await expect(enqueued).rejects.toMatchObject({
    code: "ENQUEUE",
    message: expect.stringContaining("no memory left (maxmemory)"),
  });
  const [more, none] = [["late-1", "late-2"], "no memory left (maxmemory)"];
  await expect(
    client.enqueueMany(
      action,
      more.map((runId) => ({ input: 1, runId })),
    ),
  ).rejects.toMatchObject({
    created: [],
    errors: more.map(() => ({ error: { message: expect.stringContaining(none) } })),
  });
  await Promise.all([lockGone("going"), lockGone("stuck")]);
  const begunWhileFull = begun();
  await setFull(false);

  expect(begunWhileFull).toEqual([1, 1, 1]);
  expect(await going?.result({ timeoutMs: 20_000 })).toBe(2);
  expect(await zombie?.result({ timeoutMs: 20_000 })).toBe(77);
  await worker.event("fenced", ({ runId, attempt }) => runId === "stuck" && attempt === 1);
  stuck.open();
  const late = await client.enqueue(action, 1, { runId: "late" });
  expect(await late.result({ timeoutMs: 20_000 })).toBe(0);
  expect(await zombie?.result()).toBe(77);
  expect(begun()).toEqual([1, 1, 1, 1, 1, 1]);
}, 60_000);

test("F6 a delivery waits for its claim with its lock, and is handed back when the worker closes", async () => {
  const ports: FullPort[] = [];
  const wrapPort = (port: ConstructorParameters<typeof FullPort>[0]): FullPort => {
    const full = new FullPort(port);
    full.isFull = true;
    ports.push(full);
    return full;
  };
  const { implementation, brief } = gated();
  brief.open();
  const first = new RunWorker(
    workerParts(
      {
        ...SHORT_LOCKS,
        connection: harness.url(),
        namespace: harness.namespace,
        actions: [implementation],
        logger: pino({ level: "silent" }),
      },
      { wrapPort },
    ),
  );
  await first.ready();
  const run = await harness.client().enqueue(action, 1, { runId: "r-1" });
  const lock = `${harness.prefix()}:default:run-r-1:lock`;
  const redis = harness.redis();
  await eventually(async () => expect(await redis.exists(lock)).toBe(1));
  const token = await redis.get(lock);
  await eventually(() => expect(ports[0]?.refusals).toBeGreaterThan(5));

  const tokenLater = await redis.get(lock);
  const startedAt = performance.now();
  await first.close();
  const tookMs = performance.now() - startedAt;

  expect(tokenLater).toBe(token);
  expect(tookMs).toBeLessThan(10_000);
  expect(await (await harness.queue().getJob("run-r-1"))?.getState()).toBe("waiting");
  await harness.worker({ actions: [implementation] });
  expect(await run.result()).toBe(0);
}, 30_000);
