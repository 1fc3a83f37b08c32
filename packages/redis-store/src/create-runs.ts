import type { CreateReply, Limits, NewRun } from "@refrain/core";
import { type Batch, batchesOf } from "./create-batches.ts";
import { type CreateCall, createCall, readAnswers } from "./create-call.ts";
import { CreateCourse } from "./create-course.ts";
import type { ShardKeys } from "./keys.ts";
import type { KnownLayout } from "./known-layout.ts";
import type { Reply } from "./script.ts";
import { isReply } from "./store-error.ts";

export interface CreateRunsParts {
  readonly layout: KnownLayout;
  readonly limits: Limits;
  readonly keysOf: (shard: number) => ShardKeys;
  /** On its way when this returns; undefined when it may be done and is not known to be safe in time. */
  readonly write: (call: CreateCall) => Promise<Reply | undefined>;
}

/**
 * Creates runs, many by one script, however the namespace grows meanwhile. What keeps one from being created keeps no other
 * from it. The first commands are on their way when this returns.
 */
export async function createRuns(
  runs: readonly NewRun[],
  parts: CreateRunsParts,
): Promise<readonly PromiseSettledResult<CreateReply>[]> {
  const { layout, limits } = parts;
  const courses = runs.map((run) => new CreateCourse(run, layout, limits));
  for (;;) {
    await Promise.all(batchesOf(courses).map((batch) => send(batch, parts)));
    const ends = courses.flatMap(({ end }) => end ?? []);
    if (ends.length === courses.length) return ends;
    await lookAgain(courses, layout);
  }
}

async function send(batch: Batch<CreateCourse>, parts: CreateRunsParts): Promise<void> {
  const { asked, placement } = batch;
  const { shard, key } = placement;
  const runs = asked.map(({ run }) => run);
  try {
    const reply = await parts.write(createCall(runs, parts.keysOf(shard), key));
    const answers = reply === undefined ? [] : readAnswers(runs, shard, reply);
    for (const [index, course] of asked.entries()) {
      course.hear(answers[index] ?? { kind: "unacknowledged" });
    }
  } catch (error) {
    const isAboutOne = asked.length > 1 && isReply(error);
    if (!isAboutOne) for (const course of asked) course.fail(error);
    else await Promise.all(asked.map((course) => send({ placement, asked: [course] }, parts)));
  }
}

/** For those who know no place any more where they could be tried. */
async function lookAgain(courses: readonly CreateCourse[], layout: KnownLayout): Promise<void> {
  const lost = courses.filter(({ end, placement }) => end === undefined && placement === undefined);
  if (lost.length === 0) return;
  try {
    await layout.refresh();
    for (const course of lost) course.look();
  } catch (error) {
    for (const course of lost) course.fail(error);
  }
}
