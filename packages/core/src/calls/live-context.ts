import type { Logger } from "pino";
import type { DurableContext } from "../ports/durable-context.ts";
import { labelKey } from "../words/call-identity.ts";
import { callBeingStarted } from "../words/current-call.ts";
import type { DurableRandom } from "../words/durable-random.ts";
import { UsageError } from "../words/errors.ts";
import { checkOptions } from "../words/options.ts";
import type { AttemptCalls } from "./attempt-calls.ts";
import { type CallSpec, callSpec } from "./call-spec.ts";
import { gather } from "./gather.ts";

/** What a context needs of the attempt behind it. */
export interface ContextHost {
  readonly runId: string;
  readonly action: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** The action has returned or thrown. */
  readonly isActionOver: boolean;
}

export interface ContextParts {
  readonly calls: AttemptCalls;
  readonly random: DurableRandom;
  readonly log: () => Logger;
  readonly ignoreReconcilers: boolean;
}

/** Makes the context of one attempt. Its methods may be taken off it. */
export function liveContext(host: ContextHost, parts: ContextParts): DurableContext {
  const { runId, action } = host;
  const { calls, random, log } = parts;
  const spec = (method: string, args: Parameters<typeof callSpec>): CallSpec => {
    checkUse(host, method);
    const checked = callSpec(...args);
    return parts.ignoreReconcilers ? { ...checked, reconciler: undefined } : checked;
  };
  const methods = {
    durableExecute: (...args: Parameters<typeof callSpec>) =>
      calls.call(spec("durableExecute", args)),
    durableExecuteAsync: (...args: Parameters<typeof callSpec>) =>
      calls.lazyCall(spec("durableExecuteAsync", args)),
    gather: (handles: readonly PromiseLike<unknown>[], options = {}) => {
      checkUse(host, "gather");
      return gather(handles, checkConcurrency(options));
    },
  };
  return {
    runId,
    action,
    attempt: host.epoch,
    get signal() {
      return host.signal;
    },
    get isReplaying() {
      return calls.isReplaying;
    },
    get log() {
      return log();
    },
    idempotencyKey: (label: string) => labelKey(runId, label),
    ...(methods as unknown as Pick<
      DurableContext,
      "durableExecute" | "durableExecuteAsync" | "gather"
    >),
    now: () => calls.now,
    random: () => {
      checkOutside("random");
      return random.random();
    },
    uuid: () => {
      checkOutside("uuid");
      return random.uuid();
    },
  };
}

/** fn does not run on a replay: what it draws, the action would draw again. */
function checkOutside(method: "random" | "uuid"): void {
  const outer = callBeingStarted();
  if (outer === undefined) return;
  throw new UsageError(
    `run ${outer.runId}, slot ${outer.slot}: ctx.${method} was called inside the durable call ${outer.functionId}, which a replay does not run: all later values would be others then. Call it from the action and pass the value, or use what Node has`,
  );
}

function checkUse(host: ContextHost, method: string): void {
  const outer = callBeingStarted();
  if (outer !== undefined) {
    throw new UsageError(
      `run ${outer.runId}, slot ${outer.slot}: ctx.${method} was called inside the durable call ${outer.functionId}. A durable call cannot contain another: make both from the action`,
    );
  }
  if (host.isActionOver) {
    throw new UsageError(
      `run ${host.runId}: ctx.${method} was called after action ${host.action} had ended; nothing of it would be recorded. Await everything the action starts before it returns`,
    );
  }
}

function checkConcurrency(options: { readonly concurrency?: number }): number | undefined {
  checkOptions("ctx.gather", options, ["concurrency"]);
  const { concurrency } = options;
  if (concurrency === undefined || (Number.isInteger(concurrency) && concurrency > 0)) {
    return concurrency;
  }
  throw new TypeError(
    `ctx.gather: concurrency must be a whole number above 0, not ${String(concurrency)}`,
  );
}
