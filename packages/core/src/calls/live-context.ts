import type { Logger } from "pino";
import type { DurableContext } from "../ports/durable-context.ts";
import type { DurablePromise } from "../ports/durable-promise.ts";
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

/** The context of one attempt. Its methods may be taken off it, and a copy of it has all that it has. */
class LiveContext {
  readonly runId: string;
  readonly action: string;
  readonly attempt: number;
  readonly durableExecute: (...args: SpecArgs) => DurablePromise<unknown>;
  readonly durableExecuteAsync: (...args: SpecArgs) => DurablePromise<unknown>;
  readonly gather: (
    handles: readonly PromiseLike<unknown>[],
    options?: { readonly concurrency?: number },
  ) => Promise<unknown>;
  readonly idempotencyKey: (label: string) => string;
  readonly now: () => number;
  readonly random: () => number;
  readonly uuid: () => string;
  readonly #host: ContextHost;
  readonly #parts: ContextParts;

  constructor(host: ContextHost, parts: ContextParts) {
    const { calls, random } = parts;
    this.#host = host;
    this.#parts = parts;
    this.runId = host.runId;
    this.action = host.action;
    this.attempt = host.epoch;
    this.durableExecute = (...args) => calls.call(this.#spec("durableExecute", args));
    this.durableExecuteAsync = (...args) => calls.lazyCall(this.#spec("durableExecuteAsync", args));
    this.gather = (handles, options = {}) => {
      checkUse(host, "gather");
      return gather(handles, checkConcurrency(options));
    };
    this.idempotencyKey = (label) => labelKey(host.runId, label);
    this.now = () => calls.now;
    this.random = () => {
      checkOutside("random");
      return random.random();
    };
    this.uuid = () => {
      checkOutside("uuid");
      return random.uuid();
    };
    Object.defineProperty(this, BEHIND, { value: this });
    Object.defineProperties(this, LiveContext.#looks);
  }

  /** What is looked up when asked for. Shared by all contexts: getters of their own would give each a shape of its own. */
  static readonly #looks = {
    signal: look((context: LiveContext) => context.#host.signal),
    isReplaying: look((context: LiveContext) => context.#parts.calls.isReplaying),
    log: look((context: LiveContext) => context.#parts.log()),
  };

  #spec(method: string, args: SpecArgs): CallSpec {
    checkUse(this.#host, method);
    const spec = callSpec(...args);
    return this.#parts.ignoreReconcilers ? { ...spec, reconciler: undefined } : spec;
  }
}

/** The context itself, for objects that inherit from it and proxies of it: only it has the private fields. */
const BEHIND = Symbol("context");

type SpecArgs = Parameters<typeof callSpec>;

function look(of: (context: LiveContext) => unknown): PropertyDescriptor {
  return {
    enumerable: true,
    get(this: { readonly [BEHIND]: LiveContext }) {
      return of(this[BEHIND]);
    },
  };
}

/** Makes the context of one attempt. */
export function liveContext(host: ContextHost, parts: ContextParts): DurableContext {
  return new LiveContext(host, parts) as unknown as DurableContext;
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
