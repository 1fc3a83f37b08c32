import type { Mutants } from "./mutant.ts";

const core = "packages/core/src";
const test = "packages/core/test";

/** Faults in what one attempt does. */
export const engine: Mutants = {
  "recorded calls run again": {
    file: `${core}/decisions/plan-call.ts`,
    edits: [['if (recorded.status !== "PENDING") return { kind: "replay", call: recorded };', ""]],
    caughtBy: {
      file: `${test}/attempt-replay.test.ts`,
      title: "a result that cannot be stored is a recorded failure: fn does not run again",
    },
  },
  "a started call runs again unasked": {
    file: `${core}/decisions/plan-call.ts`,
    edits: [['kind: isReconcilable ? "reconcile" : "rerun"', 'kind: "rerun"']],
    caughtBy: {
      file: `${test}/attempt-release.test.ts`,
      title: "a release cuts a back-off short, and the next attempt asks the reconciler",
    },
  },
  "no PENDING mark before fn": {
    file: `${core}/calls/call-run.ts`,
    edits: [
      [
        "if (isMarked) {\n      this.#host.append(this.planned, this.#startedAt);",
        "if (isMarked) {",
      ],
    ],
    caughtBy: {
      file: `${test}/attempt-barrier.test.ts`,
      title: "a reconcilable fn starts only after its mark is acknowledged",
    },
  },
  "fn starts in whichever context": {
    file: `${core}/calls/effect-gate.ts`,
    edits: [["return () => context.runInAsyncScope(callback);", "return callback;"]],
    caughtBy: {
      file: `${test}/async-context.test.ts`,
      title:
        "the AsyncLocalStorage that fn sees is its own action's, whichever runs are under way beside",
    },
  },
  "no barrier before fn": {
    file: `${core}/calls/effect-gate.ts`,
    edits: [["if (!claim.isAcknowledged)", "if (false)"]],
    caughtBy: {
      file: `${test}/attempt-barrier.test.ts`,
      title: "no fn starts before the outcome in front of it is acknowledged",
    },
  },
  "the lock's deadline is ignored": {
    file: `${core}/calls/effect-gate.ts`,
    edits: [
      [
        "if (this.#options.mayStartEffect()) return true;",
        "if (this.#options.mayStartEffect) return true;",
      ],
    ],
    caughtBy: {
      file: `${test}/attempt-lost.test.ts`,
      title: "no effect starts when the lock was not renewed in time",
    },
  },
  "an unknown outcome is recorded as a failure": {
    file: `${core}/decisions/call-step.ts`,
    edits: [["if (context.isReconcilable && isUnknown(result, error))", "if (false)"]],
    caughtBy: {
      file: `${test}/attempt-calls.test.ts`,
      title: "an unknown outcome from fn is never recorded",
    },
  },
  "calls of one identity share a key": {
    file: `${core}/calls/journal.ts`,
    edits: [
      ["argsDigest, earlier, after, reopened }", "argsDigest, earlier: 0, after, reopened }"],
    ],
    caughtBy: {
      file: "packages/testkit/test/programs.property.test.ts",
      title: "nested programs survive crashes without a slot moving, seed 20301",
    },
  },
  "outcomes are delivered as they come": {
    file: `${core}/calls/delivery-order.ts`,
    edits: [["while (at > 0 && (ready[at - 1]?.seq ?? 0) > outcome.seq) at -= 1;", ""]],
    caughtBy: {
      file: `${test}/delivery-order.test.ts`,
      title: "outcomes arrive by their number, not by when they were ready",
    },
  },
  "replayed calls do not count": {
    file: `${core}/calls/journal.ts`,
    edits: [["this.#countReplayed(slot);", ""]],
    caughtBy: {
      file: "packages/testkit/test/programs.property.test.ts",
      title: "nested programs survive crashes without a slot moving, seed 20301",
    },
  },
  "outcomes come soon where a slot is missing": {
    file: `${core}/calls/attempt-calls.ts`,
    edits: [["this.#inFlight.size === 1 && this.#options.journal.isGapless", "true"]],
    caughtBy: {
      file: `${test}/replay-pace.test.ts`,
      title: "where a slot is missing, a branch that lets one turn pass keeps it",
    },
  },
  "outcomes come with the microtasks": {
    file: `${core}/words/clock.ts`,
    edits: [["this.#soon.push(callback);", "queueMicrotask(callback);"]],
    caughtBy: {
      file: `${test}/replay-pace.test.ts`,
      title:
        "what a branch does in microtasks and ticks on seeing an outcome is over before the next outcome of another",
    },
  },
  "`after` is ignored": {
    file: `${core}/calls/delivery-order.ts`,
    edits: [["due.after <= this.#delivered &&", "false &&"]],
    caughtBy: {
      file: "packages/testkit/test/programs.timers.property.test.ts",
      title:
        "a plain timer between two calls of a branch does not lose that branch its slot, seed 20301",
    },
  },
  "a clear comes late": {
    file: `${core}/calls/attempt-calls.ts`,
    edits: [
      [
        "else journal.clearFrom(call.slot);",
        "else setImmediate(() => journal.clearFrom(call.slot));",
      ],
    ],
    caughtBy: {
      file: `${test}/attempt-divergence.test.ts`,
      title: "a clear takes what was recorded from there on, and nothing of what follows it",
    },
  },
  "a clear is ignored": {
    file: `${core}/calls/journal.ts`,
    edits: [["this.#claim.clear(slot, last);", ""]],
    caughtBy: {
      file: `${test}/attempt-divergence.test.ts`,
      title: "a clear takes what was recorded from there on, and nothing of what follows it",
    },
  },
  "a divergence is silent": {
    file: `${core}/calls/attempt-calls.ts`,
    edits: [["    this.observe(event);\n    if (error", "    if (error"]],
    caughtBy: {
      file: `${test}/attempt-divergence.test.ts`,
      title: "a divergence is announced with every dropped call and its key, and the run goes on",
    },
  },
  '"guard" drops started calls': {
    file: `${core}/decisions/divergence.ts`,
    edits: [['if (policy === "guard" && started !== undefined)', "if (false)"]],
    caughtBy: {
      file: `${test}/attempt-divergence.test.ts`,
      title: 'under "guard" a started reconcilable call is never dropped',
    },
  },
  "a journal is cleared without end": {
    file: `${core}/decisions/divergence.ts`,
    edits: [["if (clears >= MAX_CLEARS)", "if (false)"]],
    caughtBy: {
      file: `${test}/attempt-divergence.test.ts`,
      title: "a journal is cleared three times at most, then the run fails",
    },
  },
  "a run is released while fn runs": {
    file: `${core}/calls/effect-count.ts`,
    edits: [["return this.#executing + this.#due > 0;", "return false;"]],
    caughtBy: {
      file: `${test}/attempt-release.test.ts`,
      title: "a release waits for the fn that runs, records its outcome and starts nothing more",
    },
  },
  "a run counts as settled before Redis says so": {
    file: `${core}/attempt/running-attempt.ts`,
    edits: [
      [
        'claim.onAcknowledged(() => this.#end({ kind: "settled", status: settlement.status }));',
        'this.#end({ kind: "settled", status: settlement.status });',
      ],
    ],
    caughtBy: {
      file: "packages/testkit/test/programs.property.test.ts",
      title: "nested programs survive crashes without a slot moving, seed 20301",
    },
  },
  "a lost claim does not end its attempt": {
    file: `${core}/stores/queued-claim.ts`,
    edits: [["    this.#onLost?.(error);\n  }\n}\n\nfunction sizeOf", "  }\n}\n\nfunction sizeOf"]],
    caughtBy: {
      file: `${test}/attempt-lost.test.ts`,
      title: "a newer claim fences the attempt before its next effect",
    },
  },
  "two batches with groups of one run under way at once": {
    file: `${core}/stores/queued-claim.ts`,
    edits: [["    this.#n += 1;", "    this.#isQueued = false;\n    this.#n += 1;"]],
    caughtBy: {
      file: `${test}/commit-queue.test.ts`,
      title: "a run has one group under way",
    },
  },
  "a new claim overtakes what an older one has written": {
    file: `${core}/stores/claim-request.ts`,
    edits: [["isStoreFull || !this.#before.every((isAnswered) => isAnswered())", "isStoreFull"]],
    caughtBy: {
      file: `${test}/commit-queue.test.ts`,
      title: "a new claim of a run follows what an older one here has written of it",
    },
  },
  "worker and store take turns": {
    file: `${core}/stores/commit-queue.ts`,
    edits: [["? Math.ceil(length / 2) : length;", "? length : length;"]],
    caughtBy: {
      file: `${test}/commit-queue.test.ts`,
      title: "many groups leave in two halves",
    },
  },
  "two batches under way wait twice for the disk": {
    file: `${core}/stores/overlap.ts`,
    edits: [["const LEAST_WITH_TWO = 1 / 5;", "const LEAST_WITH_TWO = 0;"]],
    caughtBy: {
      file: `${test}/commit-queue.test.ts`,
      title: "one batch is under way at a time while the store takes long over each",
    },
  },
};
