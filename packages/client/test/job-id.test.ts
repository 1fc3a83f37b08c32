import { checkRunId, jobIdOf, runIdOf } from "@refrain/client";
import { expect, test } from "vitest";

test("a plain run id stays readable in its job id", () => {
  expect(jobIdOf("order-1042.v2")).toBe("run-order-1042.v2");
});

test.each([
  "meta",
  "delayed",
  "0",
  "17",
  "-1",
  "0:1",
  "a:b:c",
  "a b",
  "ä🎼",
  "~41",
  "run-",
  "\u0000",
])("the run id %j makes a job id that BullMQ takes and that says which run it is", (runId) => {
  const jobId = jobIdOf(runId);

  expect(jobId).toMatch(/^run-[A-Za-z0-9_.~-]+$/);
  expect(runIdOf(jobId)).toBe(runId);
});

test("different run ids never share a job id", () => {
  const runIds = ["a:", "a~3a", "a~", "a~7e3a", "A:", "a"];

  expect(new Set(runIds.map(jobIdOf)).size).toBe(runIds.length);
});

test.each(["17", "meta", "run-~4", "run-~zz", "run-a:b", "run-"])(
  "the job id %j belongs to no run",
  (jobId) => {
    expect(runIdOf(jobId)).toBeUndefined();
  },
);

test.each([undefined, null, 7, "", "\ud800", "x".repeat(256)])(
  "%j is refused as a run id",
  (runId) => {
    expect(() => checkRunId(runId)).toThrow(TypeError);
  },
);
