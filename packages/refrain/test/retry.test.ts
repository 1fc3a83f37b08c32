import { retryRun } from "@refrain/client";
import { msgpackCodec, newNonce, systemClock } from "@refrain/core";
import { RedisStore } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import { UnrecoverableError, Worker } from "bullmq";
import {
  currentCall,
  defineAction,
  durable,
  notStarted,
  RetryRefusedError,
  RunNotFoundError,
} from "refrain";
import { expect, test } from "vitest";
import { gate, Harness } from "./support/harness.ts";

const harness = new Harness();
const order = defineAction<string, string>({ name: "place-order" });

/** A gateway that declines until it is told otherwise, and remembers under which key it was asked for what. */
class Gateway {
  isDown = true;
  readonly booked = new Map<string, string>();
  readonly asked: string[] = [];

  readonly charge = durable("payments.charge", async (id: string) => {
    const { idempotencyKey: key } = currentCall();
    this.asked.push(`charge ${key}`);
    if (this.isDown) throw new Error("declined");
    this.booked.set(id, key);
    return `paid under ${key}`;
  });

  find(id: string): string | undefined {
    this.asked.push(`find ${currentCall().idempotencyKey}`);
    const key = this.booked.get(id);
    return key === undefined ? undefined : `found under ${key}`;
  }
}

function paying(gateway: Gateway) {
  return order.implement((ctx, id) =>
    ctx.durableExecute(gateway.charge, [id], {
      reconciler: () => gateway.find(id) ?? notStarted(),
    }),
  );
}

test("a failed payment that is retried is asked about first, then made under a new key", async () => {
  const gateway = new Gateway();
  const worker = await harness.worker({ actions: [paying(gateway)] });
  const run = await harness.client().enqueue(order, "o-1", { runId: "r-1" });
  await expect(run.result()).rejects.toThrow("declined");
  gateway.isDown = false;

  await run.retry();

  const [, key = ""] = (await run.result({ timeoutMs: 10_000 })).split("under ");
  const [first = ""] = gateway.asked.map((line) => line.split(" ")[1]);
  expect(gateway.asked).toEqual([`charge ${first}`, `find ${first}`, `charge ${key}`]);
  expect(key).not.toBe(first);
  expect(gateway.booked.size).toBe(1);
  await worker.event("settled", ({ status }) => status === "SUCCEEDED");
  expect(worker.events.filter(({ type }) => type === "settled")).toMatchObject([
    { status: "FAILED" },
    { status: "SUCCEEDED" },
  ]);
});

test("a payment that was booked although it failed is found by its reconciler, and not made again", async () => {
  const gateway = new Gateway();
  await harness.worker({ actions: [paying(gateway)] });
  const run = await harness.client().enqueue(order, "o-1", { runId: "r-1" });
  await expect(run.result()).rejects.toThrow("declined");
  const [first = ""] = gateway.asked.map((line) => line.split(" ")[1]);
  gateway.booked.set("o-1", first);

  await run.retry();

  expect(await run.result({ timeoutMs: 10_000 })).toBe(`found under ${first}`);
  expect(gateway.asked.filter((line) => line.startsWith("charge"))).toHaveLength(1);
});

test("who retries as soon as the result rejects need not wait for BullMQ to hear of the failure", async () => {
  let failures = 0;
  const flaky = durable("flaky", () => {
    failures += 1;
    if (failures % 20 !== 0) throw new Error("not yet");
    return "done";
  });
  await harness.worker({ actions: [order.implement((ctx) => ctx.durableExecute(flaky))] });
  const run = await harness.client().enqueue(order, "o-1");

  for (let generation = 0; generation < 19; generation++) {
    await expect(run.result({ timeoutMs: 10_000 })).rejects.toThrow("not yet");
    await run.retry();
  }

  expect(await run.result({ timeoutMs: 10_000 })).toBe("done");
  expect(failures).toBe(20);
});

/** The job of a run that has failed, while a worker of BullMQ's still has it. */
async function failedInHand(runId: string) {
  const worker = new Worker("default", null, {
    connection: harness.redis(),
    prefix: harness.prefix(),
    autorun: false,
  });
  harness.defer(() => worker.close());
  const job = await worker.getNextJob("token");
  await failByHand(runId);
  return job;
}

test("a job that its worker has not let go of yet is replaced as soon as it has", async () => {
  const client = harness.client();
  const run = await client.enqueue(order, "o-1", { runId: "r-1" });
  const job = await failedInHand("r-1");

  const retrying = run.retry();
  await eventually(async () => expect(await run.status()).toBe("QUEUED"));
  await job?.moveToFailed(new UnrecoverableError("declined"), "token", false);
  await retrying;

  const replaced = await harness.queue().getJob("run-r-1");
  expect(await replaced?.getState()).toBe("waiting");
  expect(replaced?.data).toMatchObject({ runId: "r-1", incarnation: 1 });
});

test("a job that its worker lets go of between two looks at it is replaced, too", async () => {
  const run = await harness.client().enqueue(order, "o-1", { runId: "r-1" });
  const job = await failedInHand("r-1");
  const queue = harness.queue();
  const look = queue.getJobState.bind(queue);
  const seen: string[] = [];
  queue.getJobState = async (jobId) => {
    const state = await look(jobId);
    seen.push(state);
    if (seen.length > 1) return state;
    await job?.moveToFailed(new UnrecoverableError("declined"), "token", false);
    return state;
  };

  const store = new RedisStore({ redis: harness.redis(), namespace: harness.namespace });
  const parts = { store, codec: msgpackCodec, clock: systemClock, queueOf: async () => queue };
  await retryRun("r-1", false, parts);

  expect(seen.slice(0, 2)).toEqual(["active", "failed"]);
  expect(await look("run-r-1")).toBe("waiting");
  expect(await run.status()).toBe("QUEUED");
});

/** What a worker writes whose run fails: in the journal, and not yet in the queue. */
async function failByHand(runId: string): Promise<void> {
  const store = new RedisStore({ redis: harness.redis(), namespace: harness.namespace });
  const delivery = { runId, action: order.name, queue: "default", nonce: newNonce() };
  const job = { jobTimestamp: 1, attemptsStarted: 1, incarnation: 0 };
  const reply = await store.claim({ ...delivery, ...job });
  if (reply.kind !== "claimed") throw new Error(`the claim was answered "${reply.kind}"`);
  const payload = Buffer.from("never read");
  reply.claim.settle({ status: "FAILED", payload, failedSlot: undefined, retentionMs: 60_000 });
  await reply.claim.acknowledged();
}

test("of many who retry at once one reopens the run, and the others are told that it is live", async () => {
  const gateway = new Gateway();
  await harness.worker({ actions: [paying(gateway)] });
  const { runId } = await harness.client().enqueue(order, "o-1");
  const run = harness.client().run(order, runId);
  await expect(run.result()).rejects.toThrow("declined");
  gateway.find = () => "found";

  const clients = [harness.client(), harness.client()];
  const handles = clients.flatMap((client) => Array.from({ length: 5 }, () => client.run(runId)));
  const retried = await Promise.allSettled(handles.map((handle) => handle.retry()));

  const refusals = retried.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(refusals).toHaveLength(9);
  expect(refusals[0]).toBeInstanceOf(RetryRefusedError);
  expect(await run.result({ timeoutMs: 10_000 })).toBe("found");
  expect(await harness.redis().hget(`${harness.prefix()}:run:${runId}`, "generation")).toBe("1");
});

test("a run that did not fail is not retried, and the error says how it stands", async () => {
  const { opened, open } = gate();
  const wait = durable("wait", () => opened);
  const client = harness.client();
  const run = await client.enqueue(order, "o-1", { runId: "r-1" });
  const refusal = async (): Promise<unknown> => run.retry({ force: true }).catch((e: unknown) => e);

  expect(await refusal()).toMatchObject({ status: "QUEUED", reason: "not-failed" });
  const implementation = order.implement(async (ctx) => {
    await ctx.durableExecute(wait);
    return "";
  });
  const worker = await harness.worker({ actions: [implementation] });
  await worker.event("attempt-started");
  const live = await refusal();
  open();
  await run.result();
  const settled = await refusal();

  expect(live).toMatchObject({ code: "RETRY_REFUSED", status: "RUNNING", runId: "r-1" });
  expect(String(live)).toMatch(/run r-1 is RUNNING: only a run that is FAILED .* wait for its/);
  expect(String(settled)).toMatch(/run r-1 is SUCCEEDED: .* under another run id/);
  await expect(client.run("r-2").retry()).rejects.toBeInstanceOf(RunNotFoundError);
});

test("options that are unknown or no booleans are refused", async () => {
  const run = harness.client().run("r-1");

  await expect(run.retry({ forced: true } as object)).rejects.toThrow(/unknown option "forced"/);
  await expect(run.retry({ force: 1 } as object)).rejects.toThrow(/force must be true or false/);
});

test("a call that took effect, and whose result could not be stored, runs again only by force", async () => {
  let effects = 0;
  const odd = durable("odd", () => {
    effects += 1;
    return (effects === 1 ? () => "a function" : "stored") as string;
  });
  await harness.worker({ actions: [order.implement((ctx) => ctx.durableExecute(odd))] });
  const run = await harness.client().enqueue(order, "o-1", { runId: "r-1" });
  await expect(run.result()).rejects.toMatchObject({ name: "SerializationError" });

  const refused = await run.retry().catch((error: unknown) => error);
  expect(refused).toMatchObject({ reason: "needs-force", status: "FAILED" });
  expect(String(refused)).toMatch(/slot 0, odd, took effect.*retry\(\{ force: true \}\)/);
  await run.retry({ force: true });

  expect(await run.result({ timeoutMs: 10_000 })).toBe("stored");
  expect(effects).toBe(2);
});

test("F24 a run is retried whatever became of its job: gone, completed, or added by another enqueue", async () => {
  const gateway = new Gateway();
  await harness.worker({ actions: [paying(gateway)] });
  const client = harness.client();
  const queue = harness.queue();
  const run = await client.enqueue(order, "o-1", { runId: "r-1" });
  const again = async (): Promise<void> => {
    await expect(run.result()).rejects.toThrow("declined");
    await eventually(async () => expect(await queue.getJobState("run-r-1")).toBe("failed"));
  };

  await again();
  await queue.remove("run-r-1");
  await run.retry();
  await again();
  await queue.remove("run-r-1");
  await client.enqueue(order, "o-1", { runId: "r-1" });
  await again();
  gateway.isDown = false;
  await run.retry();

  expect(await run.result({ timeoutMs: 10_000 })).toMatch(/^paid/);
  expect(await harness.redis().hget(`${harness.prefix()}:run:r-1`, "generation")).toBe("2");
});

test("a retried run is kept for as long as it is live, and its keys expire once it is settled again", async () => {
  const gateway = new Gateway();
  const { opened, open } = gate();
  const wait = durable("wait", () => opened);
  const implementation = order.implement(async (ctx, id) => {
    const paid = await ctx.durableExecute(gateway.charge, [id]);
    await ctx.durableExecute(wait);
    return paid;
  });
  await harness.worker({ actions: [implementation] });
  const run = await harness.client().enqueue(order, "o-1", { runId: "r-1" });
  await expect(run.result()).rejects.toThrow("declined");
  const redis = harness.redis();
  const key = `${harness.prefix()}:run:r-1`;
  const ttls = async (): Promise<number[]> =>
    Promise.all([redis.pttl(key), redis.pttl(`${key}:calls`)]);
  const [settled = 0, calls = 0] = await ttls();
  gateway.isDown = false;

  await run.retry();
  await eventually(async () => expect((await run.state()).callResults).toHaveLength(1));
  const live = await ttls();
  open();
  await run.result();

  expect(Math.min(settled, calls)).toBeGreaterThan(0);
  expect(live).toEqual([-1, -1]);
  expect((await ttls())[0]).toBeGreaterThan(0);
});
