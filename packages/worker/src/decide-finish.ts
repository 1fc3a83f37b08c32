import type { ReleaseReason, SettledStatus } from "@refrain/core";

/** What became of one delivery of a run's job. */
export type DeliveryEnd =
  /** The run has its outcome, from this attempt or from an earlier one; `reason` says why it did not succeed. */
  | { readonly kind: "settled"; readonly status: SettledStatus; readonly reason: string }
  /** The attempt handed its run back, orderly. */
  | { readonly kind: "released"; readonly reason: ReleaseReason; readonly delayMs: number }
  /** Fenced, a gap, the lock lost, a newer attempt in this process, or trouble with Redis. */
  | { readonly kind: "lost" }
  /** What is stored of the run cannot be read here: damaged, or under a key that this worker lacks. */
  | { readonly kind: "unreadable" }
  /** The worker closed, and its patience was over before the attempt was. */
  | { readonly kind: "cut-off"; readonly isExecutingReconcilable: boolean }
  /** It came, or was still waiting for its turn, when the worker closed. */
  | { readonly kind: "not-begun" }
  /** As many runs are under way here as may be. */
  | { readonly kind: "no-slot" }
  | { readonly kind: "unknown-action" }
  /** The run moved on from this delivery. */
  | { readonly kind: "stale" }
  /** The run belongs to another queue or action. */
  | { readonly kind: "foreign" }
  /** There is no record of the run, `forMs` after this process first saw its job. */
  | { readonly kind: "missing"; readonly forMs: number; readonly reason: string }
  /** The job's data is gone, or is nothing that a client of ours wrote. */
  | { readonly kind: "husk"; readonly reason: string };

/** The one thing BullMQ is told about a delivery. None of it is the user's: small JSON, or a text of ours. */
export type Finish =
  | { readonly tell: "completed"; readonly value: { readonly run: string } }
  /** For good: BullMQ does not try again. */
  | { readonly tell: "failed"; readonly reason: string }
  /** Back to the queue, to be delivered after a while. Costs the job no try. */
  | { readonly tell: "delayed"; readonly delayMs: number }
  /** Back to the front of the queue. Costs the job no try. */
  | { readonly tell: "waiting" };

export interface FinishContext {
  /** How often the job was handed out, this time included. */
  readonly deliveries: number;
  readonly lockDurationMs: number;
  /** A number from 0 up to 1: what comes back together should not come back at once. */
  readonly random: number;
}

/** How long a job may go without a record of its run: a client sends the record first, on the same connection. */
export const MISSING_FOR_MS = 30_000;

export function decideFinish(end: DeliveryEnd, context: FinishContext): Finish {
  const { deliveries, lockDurationMs, random } = context;
  switch (end.kind) {
    case "settled":
      if (end.status === "SUCCEEDED") return { tell: "completed", value: { run: end.status } };
      return { tell: "failed", reason: end.reason };
    case "stale":
    case "foreign":
      return { tell: "completed", value: { run: end.kind } };
    case "husk":
      return { tell: "failed", reason: end.reason };
    case "missing":
      if (end.forMs >= MISSING_FOR_MS) return { tell: "failed", reason: end.reason };
      return { tell: "delayed", delayMs: between(1000, 3000, random) };
    case "released":
      if (end.reason === "drain") return { tell: "waiting" };
      if (end.reason === "newer-release") {
        return { tell: "delayed", delayMs: backOff(end.delayMs, 10_000, deliveries, random) };
      }
      return { tell: "delayed", delayMs: Math.ceil(end.delayMs) };
    case "not-begun":
      return { tell: "waiting" };
    case "cut-off":
      // Its fn goes on in this process: another attempt must not ask the reconciler before that is over.
      if (end.isExecutingReconcilable) return { tell: "delayed", delayMs: lockDurationMs };
      return { tell: "waiting" };
    case "lost":
      return { tell: "delayed", delayMs: retryDelayMs(random) };
    case "unreadable":
      // Time for somebody to give the worker its key, before so many attempts fail that the run ends.
      return { tell: "delayed", delayMs: backOff(1000, 5 * 60_000, deliveries, random) };
    case "no-slot":
      return { tell: "delayed", delayMs: backOff(200, 2000, deliveries, random) };
    case "unknown-action":
      return { tell: "delayed", delayMs: backOff(1000, 10_000, deliveries, random) };
  }
}

/** The pause before a job is delivered again after trouble: 0.2 to 5 s. */
export function retryDelayMs(random: number): number {
  return between(200, 5000, random);
}

/** Doubles with every delivery up to `max`; the random part is the upper half. */
function backOff(first: number, max: number, deliveries: number, random: number): number {
  const full = Math.min(first * 2 ** Math.min(deliveries - 1, 20), max);
  return between(full / 2, full, random);
}

function between(min: number, max: number, random: number): number {
  return Math.round(min + (max - min) * random);
}
