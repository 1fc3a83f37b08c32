import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { expect, test } from "vitest";
import { tellBullMq } from "../src/tell-bullmq.ts";

/** A job that remembers where it was moved to, or refuses to be moved. */
function fakeJob(refusal?: Error) {
  const moves: unknown[][] = [];
  const move =
    (name: string) =>
    async (...args: unknown[]): Promise<void> => {
      moves.push([name, ...args]);
      if (refusal !== undefined) throw refusal;
    };
  const job = { moveToDelayed: move("delayed"), moveToWait: move("waiting") };
  return { job: job as unknown as Job, moves };
}

test("a finished run returns a few bytes", async () => {
  const told = tellBullMq(fakeJob().job, "t", { tell: "completed", value: { run: "SUCCEEDED" } });

  expect(await told).toEqual({ run: "SUCCEEDED" });
});

test("a failed run is failed for good, with our words and no stack", async () => {
  const told = tellBullMq(fakeJob().job, "t", { tell: "failed", reason: "run FAILED: no" });

  const error: unknown = await told.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnrecoverableError);
  expect(error).toMatchObject({ message: "run FAILED: no" });
  expect((error as Error).stack).toBeUndefined();
});

test("a job is moved before BullMQ is told that it was", async () => {
  const delayed = fakeJob();
  const waiting = fakeJob();
  const before = Date.now();

  const first = tellBullMq(delayed.job, "t:1", { tell: "delayed", delayMs: 5000 });
  const second = tellBullMq(waiting.job, "t:2", { tell: "waiting" });

  await expect(first).rejects.toBeInstanceOf(DelayedError);
  await expect(second).rejects.toBeInstanceOf(WaitingError);
  expect(delayed.moves).toEqual([["delayed", expect.any(Number), "t:1"]]);
  expect(Number(delayed.moves[0]?.[1])).toBeGreaterThanOrEqual(before + 5000);
  expect(waiting.moves).toEqual([["waiting", "t:2"]]);
});

test.each(["delayed", "waiting"] as const)(
  "a job that may not be moved to %s is left to be tried again, by an error of ours",
  async (tell) => {
    const { job } = fakeJob(new Error("Missing lock for job run-r-1. moveToDelayed"));

    const finish = tell === "delayed" ? ({ tell, delayMs: 1 } as const) : ({ tell } as const);
    const error: unknown = await tellBullMq(job, "t", finish).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      name: "HandBackError",
      message: "the job could not be handed back",
    });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  },
);
