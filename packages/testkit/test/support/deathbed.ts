import { type Attempt, ClaimLostError, type DurableFunction, durable } from "@refrain/core";

export interface Deathbed {
  /** A durable call in which the attempt dies the first time; afterwards it does nothing. */
  readonly die: DurableFunction<[], Promise<void>>;
  /** For the bench, so that the attempt is known. */
  readonly onAttempt: (attempt: Attempt) => void;
}

/** Ends an attempt in its middle as a crash does: what was acknowledged stays, nothing more is written. */
export function deathbed(): Deathbed {
  let attempt: Attempt | undefined;
  return {
    onAttempt(started) {
      attempt ??= started;
    },
    die: durable("die", async () => {
      // An action's first lines run before its attempt is known to anybody.
      await Promise.resolve();
      attempt?.abort(new ClaimLostError("lock", "the worker died"));
    }),
  };
}
