import { type Job, UnrecoverableError, WaitingError } from "bullmq";
import type { Finish } from "./decide-finish.ts";
import { type Circumstances, postpone } from "./postpone.ts";

/** BullMQ refused to take a job back: most likely the lock is somebody else's by now. It may try the job again. */
class HandBackError extends Error {
  override readonly name = "HandBackError";
}

/**
 * Tells BullMQ that a delivery has not ended well: throws what its processor throws. Nothing of the user's is in it, for BullMQ
 * obeys certain messages and error names.
 */
export async function tellBullMq(
  job: Job,
  token: string,
  finish: Exclude<Finish, { readonly tell: "completed" }>,
  circumstances: Circumstances,
): Promise<never> {
  switch (finish.tell) {
    case "failed":
      throw withoutStack(new UnrecoverableError(finish.reason));
    case "delayed":
      throw await handBack(() => postpone(job, token, finish.delayMs, circumstances));
    case "waiting":
      await handBack(() => job.moveToWait(token));
      throw new WaitingError();
  }
}

async function handBack<T>(move: () => Promise<T>): Promise<T> {
  try {
    return await move();
  } catch (cause) {
    throw withoutStack(new HandBackError("the job could not be handed back", { cause }));
  }
}

/** BullMQ stores stacks; ours says nothing about the run. */
function withoutStack<E extends Error>(error: E): E {
  delete error.stack;
  return error;
}
