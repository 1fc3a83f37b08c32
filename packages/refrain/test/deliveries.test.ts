import { eventually } from "@refrain/testkit";
import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { Harness, WARN } from "./support/harness.ts";

const harness = new Harness();
const echo = defineAction<string, string>({ name: "echo" });
const echoing = echo.implement((_ctx, text) => text);
const image = defineAction<number, number>({ name: "image", queue: "cpu" });

test("a failed run fails its job, with a reason that can drive nothing", async () => {
  const failing = echo.implement((_ctx, message) => {
    const error = new Error(message);
    error.name = "DelayedError";
    throw error;
  });
  await harness.worker({ actions: [failing] });

  const run = await harness.client().enqueue(echo, "bullmq:rateLimitExceeded", { runId: "r-1" });
  await run.result().catch(() => {});

  const queue = harness.queue();
  await eventually(async () => {
    const job = await queue.getJob("run-r-1");
    expect(await job?.getState()).toBe("failed");
    expect(job?.failedReason).toBe("run FAILED: DelayedError: bullmq:rateLimitExceeded");
    expect(job?.attemptsStarted).toBe(1);
    expect(JSON.stringify(job?.stacktrace)).not.toContain("refrain");
  });
});

test.each([undefined, null, "text", {}, 0n])(
  "an action that throws %s fails its run, once",
  async (thrown) => {
    const odd = echo.implement(() => {
      throw thrown;
    });
    const worker = await harness.worker({ actions: [odd] });

    const run = await harness.client().enqueue(echo, "x");

    await expect(run.result()).rejects.toBeInstanceOf(Error);
    expect(worker.events.filter((event) => event.type === "attempt-started")).toHaveLength(1);
  },
);

test("what a succeeded run returned is not in its job", async () => {
  await harness.worker({ actions: [echoing] });

  await (await harness.client().enqueue(echo, "secret".repeat(1000), { runId: "r-1" })).result();

  await eventually(async () => {
    const job = await harness.queue().getJob("run-r-1");
    expect(job?.returnvalue).toEqual({ run: "SUCCEEDED" });
  });
});

test("a settled run whose job is retried by somebody else answers its stored outcome, and runs nothing", async () => {
  let executions = 0;
  const failing = echo.implement(() => {
    executions += 1;
    throw new RangeError("no");
  });
  const worker = await harness.worker({ actions: [failing] });
  const run = await harness.client().enqueue(echo, "x", { runId: "r-1" });
  await run.result().catch(() => {});
  const queue = harness.queue();
  await eventually(async () => {
    expect(await (await queue.getJob("run-r-1"))?.getState()).toBe("failed");
  });

  await (await queue.getJob("run-r-1"))?.retry("failed");

  await eventually(async () => {
    const job = await queue.getJob("run-r-1");
    expect([await job?.getState(), job?.attemptsStarted]).toEqual(["failed", 2]);
    expect(job?.failedReason).toBe("run FAILED: RangeError: no");
  });
  expect(executions).toBe(1);
  expect(worker.events.filter((event) => event.type === "attempt-started")).toHaveLength(1);
});

test("the job of a run that belongs to another queue is finished, and runs nothing", async () => {
  const worker = await harness.worker({ actions: [echoing], queues: ["default", "wrong"] });
  await harness.client().enqueue(echo, "x", { runId: "r-1", delayMs: 60_000 });
  const right = await harness.queue().getJob("run-r-1");

  const wrong = harness.queue("wrong");
  await wrong.add("echo", right?.data, { jobId: "run-r-1" });

  await eventually(async () => {
    const job = await wrong.getJob("run-r-1");
    expect(job?.returnvalue).toEqual({ run: "foreign" });
  });
  expect(worker.events).toEqual([]);
});

test("a husk runs nothing, and is failed with the reason", async () => {
  const worker = await harness.worker({ actions: [echoing] });
  const redis = harness.redis();
  const prefix = `${harness.prefix()}:default`;
  await harness.client().enqueue(echo, "x", { runId: "first" });
  await worker.event("settled");

  await redis.lpush(`${prefix}:wait`, "run-ghost");
  await redis.zadd(`${prefix}:marker`, 0, "0");

  await eventually(async () => {
    const job = await harness.queue().getJob("run-ghost");
    expect(job?.failedReason).toMatch(/^the job's data is gone/);
  });
  const warning = worker.logs.find((line) => line.level === WARN && line.run === "ghost");
  expect(warning?.msg).toContain("if run ghost is not settled, it gets a new job soon");
  expect(worker.events.filter((event) => event.runId === "ghost")).toEqual([]);
});

test("a job whose run has no record yet waits for it", async () => {
  await harness.worker({ actions: [echoing] });
  const data = { runId: "late", action: "echo", version: "", incarnation: 0, preview: "" };
  const queue = harness.queue();
  await queue.add("echo", data, { jobId: "run-late", attempts: 100 });
  await eventually(async () => {
    expect(await (await queue.getJob("run-late"))?.getState()).toBe("delayed");
  });

  const run = await harness.client().enqueue(echo, "x", { runId: "late" });

  expect(await run.result({ timeoutMs: 10_000 })).toBe("x");
});

test("F30 a run whose action this worker does not know waits for a worker that does", async () => {
  const ignorant = await harness.worker({
    actions: [image.implement((_ctx, n) => n)],
    queues: ["default"],
  });
  const run = await harness.client().enqueue(echo, "x", { runId: "r-1" });
  await eventually(() => {
    const warning = ignorant.logs.find((line) => line.level === WARN);
    expect(warning).toMatchObject({ run: "r-1", action: "echo" });
    expect(warning?.msg).toContain("Add it to this worker's actions");
  });
  expect(await run.status()).toBe("QUEUED");
  await ignorant.close();

  await harness.worker({ actions: [echoing] });

  expect(await run.result({ timeoutMs: 20_000 })).toBe("x");
  expect(ignorant.events).toEqual([]);
});
