import { addAgain, type JobData, jobOptionsOf } from "@refrain/client";
import { type Queue, UnrecoverableError, Worker } from "bullmq";
import { expect, test } from "vitest";
import { Harness } from "./support/harness.ts";

const harness = new Harness();
const run = { runId: "r-1", action: "work", version: "7", incarnation: 0 };
const data: JobData = { runId: "r-1", action: "work", version: "7", incarnation: 0, preview: "{}" };
const TOKEN = "token";

type Step = (queue: Queue<JobData>) => Promise<unknown>;

const enqueued: Step = (queue) => queue.add("work", data, jobOptionsOf("r-1", {}));

/** Has the job handed out, and ended as the worker says. */
async function delivered(end: "completed" | "failed" | "active"): Promise<void> {
  const worker = new Worker("default", null, {
    connection: harness.redis(),
    prefix: harness.prefix(),
    autorun: false,
  });
  const job = await worker.getNextJob(TOKEN);
  if (end === "completed") await job?.moveToCompleted({}, TOKEN, false);
  if (end === "failed") await job?.moveToFailed(new UnrecoverableError("gone wrong"), TOKEN, false);
  harness.defer(() => worker.close());
}

async function jobsOf(queue: Queue<JobData>): Promise<unknown[]> {
  const jobs = await queue.getJobs();
  return Promise.all(jobs.map(async (job) => [await job.getState(), job.data]));
}

test("a job that is absent is added, one incarnation further", async () => {
  const queue = harness.queue();

  const lost = await addAgain(queue, run);

  expect(lost).toBe("absent");
  expect(await jobsOf(queue)).toEqual([["waiting", { ...data, incarnation: 1, preview: "" }]]);
});

test.each(["completed", "failed"] as const)("a job that has %s is replaced", async (end) => {
  const queue = harness.queue();
  await enqueued(queue);
  await delivered(end);

  const lost = await addAgain(queue, { ...run, incarnation: 4 });

  expect(lost).toBe(end);
  expect(await jobsOf(queue)).toEqual([["waiting", { ...data, incarnation: 5 }]]);
});

const untouched: [string, Step][] = [
  ["waiting", enqueued],
  ["delayed", (queue) => queue.add("work", data, jobOptionsOf("r-1", { delayMs: 60_000 }))],
  ["prioritized", (queue) => queue.add("work", data, jobOptionsOf("r-1", { priority: 5 }))],
  ["active", (queue) => enqueued(queue).then(() => delivered("active"))],
];
test.each(untouched)("a job that is %s stays as it is", async (state, arrange) => {
  const queue = harness.queue();
  await arrange(queue);

  const lost = await addAgain(queue, run);

  expect(lost).toBeUndefined();
  expect(await jobsOf(queue)).toEqual([[state, data]]);
});

test("a job whose data is there, but which is in no list, is added", async () => {
  const queue = harness.queue();
  await enqueued(queue);
  await harness.redis().del(`${harness.prefix()}:default:wait`);

  expect(await addAgain(queue, run)).toBe("absent");

  expect(await jobsOf(queue)).toEqual([["waiting", { ...data, incarnation: 1 }]]);
});

test("a job keeps its delay and its priority", async () => {
  const queue = harness.queue();

  await addAgain(queue, { ...run, delayMs: 60_000, priority: 5 });

  const job = await queue.getJob("run-r-1");
  expect(await job?.getState()).toBe("delayed");
  expect(job).toMatchObject({ delay: 60_000, priority: 5 });
});

test.each([undefined, "completed", "failed"] as const)(
  "however many bring it back at once, one job is left (before: %s)",
  async (end) => {
    const queues = Array.from({ length: 5 }, () => harness.queue());
    const [queue = harness.queue()] = queues;
    if (end !== undefined) await enqueued(queue).then(() => delivered(end));

    await Promise.all(Array.from({ length: 50 }, (_, n) => addAgain(queues[n % 5] ?? queue, run)));

    const jobs = await queue.getJobs();
    expect(jobs.map((job) => [job.id, job.data.incarnation])).toEqual([["run-r-1", 1]]);
    expect(await queue.getJobCounts("wait", "completed", "failed", "active")).toEqual({
      wait: 1,
      completed: 0,
      failed: 0,
      active: 0,
    });
  },
);

test("a job that is delivered between the look and the removal is left to its worker", async () => {
  const queue = harness.queue();
  await enqueued(queue);
  await delivered("failed");
  const getJob = queue.getJob.bind(queue);
  queue.getJob = async (jobId) => {
    const job = await getJob(jobId);
    await queue.remove(jobId);
    await enqueued(queue);
    await delivered("active");
    return job;
  };

  await addAgain(queue, run);

  expect(await queue.getJobState("run-r-1")).toBe("active");
  expect(await queue.getJobCountByTypes("wait", "active", "delayed", "failed")).toBe(1);
});
