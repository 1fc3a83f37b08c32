import type { Mutants } from "./mutant.ts";

const worker = "packages/worker";

/** Faults in what stands between BullMQ and an attempt. */
export const deliveries: Mutants = {
  "a lock counts as certain until it is known to be lost": {
    file: `${worker}/src/lock-keeper.ts`,
    edits: [
      [
        "return !this.#isLost && this.#clock.monotonic() - this.#renewedAt < this.#certainMs;",
        "return !this.#isLost;",
      ],
    ],
    caughtBy: {
      file: `${worker}/test/lock-keeper.test.ts`,
      title: "a lock is certain for its duration minus 2 s since the renewal was sent",
    },
  },
  "an attempt goes on beside its successor": {
    file: `${worker}/src/attempts-here.ts`,
    edits: [["other?.abort(supersededBy(runId, epoch));", ""]],
    caughtBy: {
      file: `${worker}/test/attempts-here.test.ts`,
      title: "a newer attempt at a run ends the older one in this process, before it begins",
    },
  },
  "who lost a run finishes its job": {
    file: `${worker}/src/decide-finish.ts`,
    edits: [
      [
        'case "lost":\n      return { tell: "delayed", delayMs: retryDelayMs(random) };',
        'case "lost":\n      return { tell: "completed", value: { run: "lost" } };',
      ],
    ],
    caughtBy: {
      file: `${worker}/test/decide-finish.test.ts`,
      title: "trouble is tried again after 0.2 to 5 s, spread out",
    },
  },
  "a call that runs is handed back at once": {
    file: `${worker}/src/decide-finish.ts`,
    edits: [
      ['if (end.isExecutingReconcilable) return { tell: "delayed", delayMs: lockDurationMs };', ""],
    ],
    caughtBy: { file: `${worker}/test/decide-finish.test.ts`, title: "cut-off" },
  },
};
