import { deferred } from "../../src/words/deferred.ts";

/** A place in the code under test that a test waits for, and lets pass when it likes. */
export interface Gate {
  /** Resolves when somebody waits at the gate. */
  readonly reached: Promise<void>;
  /** Await it in the code under test: the gate counts as reached from then on. */
  readonly passed: PromiseLike<void>;
  /** Marks the gate as reached without waiting at it. */
  arrive(): void;
  pass(): void;
}

export function gate(): Gate {
  const reached = deferred<void>();
  const passed = deferred<void>();
  return {
    reached: reached.promise,
    passed: {
      // oxlint-disable-next-line unicorn/no-thenable -- has to know when it is awaited
      then: (onFulfilled, onRejected) => {
        reached.resolve(undefined);
        return passed.promise.then(onFulfilled, onRejected);
      },
    },
    arrive: () => reached.resolve(undefined),
    pass: () => passed.resolve(undefined),
  };
}
