import { AsyncLocalStorage } from "node:async_hooks";

/** Whoever answers for rejections that nobody handled. */
export interface RejectionOwner {
  fail(error: unknown): void;
}

const owner = new AsyncLocalStorage<RejectionOwner>();
let workers = 0;

/** Runs `start` so that rejections which come of it, and which nobody handles, go to `to`. */
export function owningRejections<T>(to: RejectionOwner, start: () => T): T {
  return owner.run(to, start);
}

/**
 * Takes unhandled rejections in this process until the returned function is called: one that belongs to a run goes to its
 * owner, any other ends the process as it would without us.
 */
export function takeUnhandledRejections(): () => void {
  if (workers === 0) process.on("unhandledRejection", onUnhandledRejection);
  workers += 1;
  let isTaken = true;
  return () => {
    if (!isTaken) return;
    isTaken = false;
    workers -= 1;
    if (workers === 0) process.off("unhandledRejection", onUnhandledRejection);
  };
}

function onUnhandledRejection(reason: unknown): void {
  const responsible = owner.getStore();
  if (responsible !== undefined) return responsible.fail(reason);
  // Someone else listens too, so Node would have left it to them.
  if (process.listenerCount("unhandledRejection") > 1) return;
  // What a listener throws is an uncaught exception, as the rejection would be if there were no listener.
  if (reason instanceof Error) throw reason;
  const what = typeof reason === "string" ? `: ${reason}` : "";
  throw new Error(`a promise was rejected and nobody handled it${what}`, { cause: reason });
}
