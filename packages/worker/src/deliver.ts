import {
  type ActionImplementation,
  type ActionStateStore,
  type Clock,
  type Codec,
  type Delivery,
  type ErrorClasses,
  type Limits,
} from "@refrain/core";
import type { Logger } from "pino";
import type { DeliveryEnd } from "./decide-finish.ts";
import type { DeliveryInHand } from "./delivery-in-hand.ts";
import { failureReason } from "./failure-reason.ts";
import { runAttempt } from "./run-attempt.ts";
import type { WorkerEmitter } from "./worker-events.ts";

export interface DeliverOptions {
  readonly store: ActionStateStore;
  readonly codec: Codec;
  readonly errors: ErrorClasses;
  readonly limits: Limits;
  readonly clock: Clock;
  /** What Refrain logs. */
  readonly logger: Logger;
  /** What `ctx.log` is made of. */
  readonly actionLogger: Logger;
  readonly emitter: WorkerEmitter;
  readonly poisonAfter: number;
  /** Fails a run whose code leaves a rejection unhandled. */
  readonly handleRejections: boolean;
  /** Tells this worker's runs from those of the same id in other namespaces and on other servers. */
  readonly scope: string;
}

/** How a delivery ended, or that the store knows no such run. */
export type Delivered = DeliveryEnd | { readonly kind: "no-record" };

/**
 * Claims a delivered run and, where anything is left to do, runs its action. A run that is settled is answered from its
 * record, whoever had its job delivered again.
 */
export async function deliver(
  delivery: Delivery,
  implementation: ActionImplementation,
  inHand: DeliveryInHand,
  options: DeliverOptions,
): Promise<Delivered> {
  if (inHand.cutAs !== undefined) return inHand.cutAs;
  const reply = await inHand.unlessCut(options.store.claim(delivery));
  switch (reply.kind) {
    case "claimed":
      return await runAttempt(reply, { delivery, implementation, inHand }, options);
    case "settled": {
      const { status } = reply.outcome;
      const reason = failureReason(delivery, reply.outcome, options.codec);
      return { kind: "settled", status, reason };
    }
    case "missing":
      return { kind: "no-record" };
    case "foreign":
    case "stale":
      return { kind: reply.kind };
    case "lost":
    case "cut-off":
    case "not-begun":
      return reply;
  }
}
