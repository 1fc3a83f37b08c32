import { jobOptionsOf, readJobData } from "@refrain/client";
import { expect, test } from "vitest";
import { jobDataOf } from "../src/job.ts";

const run = { runId: "r-1", action: "place-order", version: "7", preview: "{}" };

test("job data is read back as it was written", () => {
  const data: unknown = JSON.parse(JSON.stringify(jobDataOf(run)));

  expect(readJobData(data)).toEqual({ ...run, incarnation: 0 });
});

test.each([
  undefined,
  null,
  {},
  [],
  "text",
  { runId: "r-1" },
  { runId: "", action: "a", incarnation: 0 },
  { runId: "r-1", action: 7, incarnation: 0 },
  { runId: "r-1", action: "a", incarnation: "0" },
  { runId: "r-1", action: "a" },
])("%j is no job of ours", (data) => {
  expect(readJobData(data)).toBeUndefined();
});

test("BullMQ never gives up on a run, and keeps a bounded number of its jobs", () => {
  const options = jobOptionsOf("r-1", {});

  expect(options).toMatchObject({
    jobId: "run-r-1",
    attempts: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 1000 },
    removeOnFail: { count: 1000 },
  });
  expect(options).not.toHaveProperty("delay");
  expect(options).not.toHaveProperty("priority");
});

test("delay and priority are handed on", () => {
  expect(jobOptionsOf("r-1", { delayMs: 0, priority: 3 })).toMatchObject({ delay: 0, priority: 3 });
});

test("the longest job data stays within the size limit of its job", () => {
  const longest = {
    runId: "\u0001".repeat(255),
    action: "a".repeat(128),
    version: "\u0001".repeat(999),
    preview: "\u0001".repeat(200),
  };

  const bytes = Buffer.byteLength(JSON.stringify(jobDataOf(longest)));

  expect(bytes).toBeLessThan(Number(jobOptionsOf("r-1", {}).sizeLimit));
});
