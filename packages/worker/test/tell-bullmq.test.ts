import { type Clock, systemClock } from "@refrain/core";
import { virtualClock } from "@refrain/testkit";
import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { expect, test } from "vitest";
import type { Circumstances } from "../src/postpone.ts";
import { tellBullMq } from "../src/tell-bullmq.ts";

const RIGHT: Circumstances = circumstances(0);

/** A worker whose clock is ahead by so much, and what else of it counts. */
function circumstances(leadMs: number, clock: Clock = systemClock, isClosing = false) {
  const whenReleased = (): Promise<void> => new Promise(() => {});
  const options = { clock, leadMs: async () => leadMs, isClosing: () => isClosing };
  return { options, inHand: { whenReleased } };
}

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

test("a failed run is failed for good, with our words and no stack", async () => {
  const told = tellBullMq(fakeJob().job, "t", { tell: "failed", reason: "run FAILED: no" }, RIGHT);

  const error: unknown = await told.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnrecoverableError);
  expect(error).toMatchObject({ message: "run FAILED: no" });
  expect((error as Error).stack).toBeUndefined();
});

test("a job is moved before BullMQ is told that it was", async () => {
  const delayed = fakeJob();
  const waiting = fakeJob();
  const before = Date.now();

  const first = tellBullMq(delayed.job, "t:1", { tell: "delayed", delayMs: 5000 }, RIGHT);
  const second = tellBullMq(waiting.job, "t:2", { tell: "waiting" }, RIGHT);

  await expect(first).rejects.toBeInstanceOf(DelayedError);
  await expect(second).rejects.toBeInstanceOf(WaitingError);
  expect(delayed.moves).toEqual([["delayed", expect.any(Number), "t:1"]]);
  expect(Number(delayed.moves[0]?.[1])).toBeGreaterThanOrEqual(before + 5000);
  expect(Number(delayed.moves[0]?.[1])).toBeLessThanOrEqual(Date.now() + 5000);
  expect(waiting.moves).toEqual([["waiting", "t:2"]]);
});

test.each(["delayed", "waiting"] as const)(
  "a job that may not be moved to %s is left to be tried again, by an error of ours",
  async (tell) => {
    const { job } = fakeJob(new Error("Missing lock for job run-r-1. moveToDelayed"));

    const finish = tell === "delayed" ? ({ tell, delayMs: 1 } as const) : ({ tell } as const);
    const error: unknown = await tellBullMq(job, "t", finish, RIGHT).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({
      name: "HandBackError",
      message: "the job could not be handed back",
    });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  },
);

const TEN_MINUTES = 600_000;

test.each([TEN_MINUTES, -TEN_MINUTES])(
  "F13 a worker whose clock is ahead by %i ms sits a short delay out itself",
  async (leadMs) => {
    const { job, moves } = fakeJob();
    const clock = virtualClock();
    const finish = { tell: "delayed", delayMs: 5000 } as const;

    const told = tellBullMq(job, "t", finish, circumstances(leadMs, clock));
    told.catch(() => {});
    await clock.advance(4999);
    const before = [...moves];
    await clock.advance(1);

    await expect(told).rejects.toBeInstanceOf(WaitingError);
    expect([before, moves]).toEqual([[], [["waiting", "t"]]]);
  },
);

test.each([
  ["ahead: by its own clock", TEN_MINUTES, 0],
  ["behind: by Redis's clock", -TEN_MINUTES, TEN_MINUTES],
] as const)("F13 a long delay of a worker that is %s is never too short", async (_, lead, more) => {
  const { job, moves } = fakeJob();
  const before = Date.now();

  const told = tellBullMq(job, "t", { tell: "delayed", delayMs: 60_000 }, circumstances(lead));

  await expect(told).rejects.toBeInstanceOf(DelayedError);
  const until = Number(moves[0]?.[1]) - before;
  expect(until).toBeGreaterThanOrEqual(more + 60_000);
  expect(until).toBeLessThanOrEqual(more + 60_000 + Date.now() - before);
});

test("F13 a worker with a wrong clock that closes sits nothing out", async () => {
  const { job, moves } = fakeJob();
  const closing = circumstances(TEN_MINUTES, systemClock, true);

  const told = tellBullMq(job, "t", { tell: "delayed", delayMs: 9000 }, closing);

  await expect(told).rejects.toBeInstanceOf(DelayedError);
  expect(moves.map(([name]) => name)).toEqual(["delayed"]);
});
