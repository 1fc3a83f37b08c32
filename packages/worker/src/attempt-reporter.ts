import {
  type AttemptEnd,
  type AttemptEvent,
  type AttemptObserver,
  type ClaimedRun,
  SerializationError,
} from "@refrain/core";
import type { Logger } from "pino";
import type { Cut } from "./delivery-in-hand.ts";
import type { AttemptRunEvent, FencedReason, WorkerEmitter } from "./worker-events.ts";

/** Tells listeners and the log what an attempt does. Every warning says where, and what to do. */
export class AttemptReporter {
  readonly #bindings: AttemptRunEvent;
  readonly #emitter: WorkerEmitter;
  readonly #base: Logger;
  #child: Logger | undefined;

  /** @param logger the worker's own; run, action and attempt are bound here */
  constructor(run: ClaimedRun, logger: Logger, emitter: WorkerEmitter) {
    const { runId, action, epoch } = run;
    this.#bindings = { runId, action, attempt: epoch };
    this.#emitter = emitter;
    this.#base = logger;
  }

  started(queue: string, recordedCalls: number): void {
    if (!this.#emitter.hasListeners("attempt-started")) return;
    this.#emitter.emit("attempt-started", { ...this.#bindings, queue, recordedCalls });
  }

  readonly observe: AttemptObserver = (event) => {
    this.#log(event);
    if (event.type === "warning" || !this.#emitter.hasListeners(event.type)) return;
    const { type, ...details } = event;
    // Each payload is its event's own: the details and the type come from one object.
    this.#emitter.emit(type as never, { ...this.#bindings, ...details } as never);
  };

  /** @param cut how the delivery was cut short, if it was */
  ended(end: AttemptEnd, cut: Cut | undefined): void {
    const bound = this.#bindings;
    switch (end.kind) {
      case "settled":
        return this.#emitter.emit("settled", { ...bound, status: end.status });
      case "released": {
        const { reason, delayMs } = end;
        if (reason === "newer-release") this.#logger.warn(`${where(bound)}: ${NEWER_RELEASE}`);
        this.#logger.info({ reason, delayMs }, "run handed back: another attempt goes on");
        return this.#emitter.emit("released", { ...bound, reason, delayMs });
      }
      case "lost": {
        const { error } = end;
        const reason = cut?.kind === "cut-off" ? "closed" : error.reason;
        this.#logger.warn({ reason }, `${error.message}. ${GOES_ON}; ${ADVICE[reason]}`);
        return this.#emitter.emit("fenced", { ...bound, reason, error });
      }
      case "broken": {
        const { error } = end;
        const what =
          error instanceof SerializationError
            ? "its journal cannot be read"
            : "its write was refused";
        const text = `${where(bound)}: ${what}. ${GOES_ON}; ${ADVICE.refused}`;
        this.#logger.error({ err: error }, text);
        return this.#emitter.emit("fenced", { ...bound, reason: "refused", error });
      }
    }
  }

  /** Made when first needed: most attempts have nothing to say. */
  get #logger(): Logger {
    const { runId, action, attempt } = this.#bindings;
    this.#child ??= this.#base.child({ run: runId, action, attempt });
    return this.#child;
  }

  #log(event: AttemptEvent): void {
    if (event.type === "call-replayed") return;
    const here = where(this.#bindings);
    const logger = this.#logger;
    switch (event.type) {
      case "call-reconciled":
        return logger.info(event, `${here}, slot ${event.slot}: ${event.functionId} reconciled`);
      case "outcome-unknown": {
        const { slot, functionId, retryInMs, asks, error, idempotencyKey } = event;
        const told = { slot, functionId, idempotencyKey, asks, retryInMs, err: error };
        return logger.warn(told, unknownText(here, event));
      }
      case "diverged":
        return logger.warn(event, divergedText(here, event));
      case "handle-unused":
        return logger.warn(
          event,
          `${here}: the handle of ${event.functionId} was never awaited, so the call never ran. Await it, or remove the durableExecuteAsync`,
        );
      case "non-durable-wait":
        return logger.warn(
          `${here}: the action waits for something that is no durable call. Alone that is harmless; in parallel branches it can change their order on replay. Wrap it in ctx.durableExecute`,
        );
      case "warning":
        return logger.warn({ code: event.code, slot: event.slot }, event.message);
    }
  }
}

const NEWER_RELEASE =
  "its journal is written by a newer release, and waits for one of that release's workers. Update this worker";
const GOES_ON = "This attempt ended without an outcome and another one goes on";
const SLOW =
  "if this happens often, look for a blocked event loop or a slow Redis, or raise lockDurationMs";
const ADVICE: Readonly<Record<FencedReason, string>> = {
  fenced: SLOW,
  lock: SLOW,
  superseded: SLOW,
  gap: "Redis lost writes it had acknowledged: look at its persistence and at its last failover",
  closed:
    "if this happens often, raise drainTimeoutMs, or make the call that was under way shorter",
  refused: "look at Redis's memory, disk and access rules",
};

function where({ runId, action }: AttemptRunEvent): string {
  return `run ${runId} (${action})`;
}

type EventOf<T extends AttemptEvent["type"]> = Extract<AttemptEvent, { readonly type: T }>;

function unknownText(here: string, event: EventOf<"outcome-unknown">): string {
  const { slot, functionId, asks, retryInMs, idempotencyKey } = event;
  return `${here}, slot ${slot}: nobody can say what became of ${functionId} (asked ${asks} times, idempotency key ${idempotencyKey}). Its reconciler is asked again in ${retryInMs} ms; if this goes on, look at what it asks`;
}

function divergedText(here: string, event: EventOf<"diverged">): string {
  const { slot, expected, found, dropped, verdict } = event;
  const calls = dropped
    .filter((call) => call.status !== "FAILED")
    .map(
      (call) => `${call.functionId} at slot ${call.slot} (${call.status}, ${call.idempotencyKey})`,
    );
  const lost = calls.length === 0 ? "no outcome" : calls.join(", ");
  const what = {
    cleared: `Dropped: ${lost}; what of it is asked for again runs again`,
    failed: "The run fails; nothing was dropped",
    kept: "The run fails with what its action threw; nothing was dropped",
  }[verdict];
  const asked = found === undefined ? "the action ended without it" : `the action called ${found}`;
  return `${here}, slot ${slot}: the journal holds ${expected}, and ${asked}. ${what}. Check whether a deploy changed the calls of this action, or whether it decides on anything but its input and outcomes`;
}
