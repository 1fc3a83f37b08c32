import { type RetryPolicy, retryPolicy } from "../decisions/retry-policy.ts";
import type { CallOptions, Durable, DurableCallable } from "../ports/durable-function.ts";
import { copyOfArgs } from "../words/args-copy.ts";
import { argsDigest } from "../words/args-digest.ts";
import { type CallIdentity, checkFunctionId, functionIdOf } from "../words/call-identity.ts";
import type { Informant } from "../words/current-call.ts";
import { checkOptions } from "../words/options.ts";

/** A durable call as the action asked for it, checked and digested. */
export interface CallSpec {
  readonly identity: CallIdentity;
  /** The function behind the id, where two of them under one id would be a mistake. */
  readonly fn: ((...args: never) => unknown) | undefined;
  readonly start: (call: Informant) => unknown;
  /** Keeps the arguments as they are now. Not at once, for what is replayed needs none. */
  readonly keepArgs: () => void;
  readonly reconciler: (() => unknown) | undefined;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | undefined;
}

type AnyDurable = Durable<readonly unknown[], unknown>;
type AnyCallable = DurableCallable<unknown>;

const OPTION_KEYS = ["reconciler", "retry", "timeoutMs"];
const CALLABLE_KEYS = ["id", "call", ...OPTION_KEYS];

/**
 * Reads both forms of `durableExecute`'s arguments.
 *
 * @throws TypeError on a function without a usable id, arguments without canonical form, a reconciler that is no function
 *   or wants arguments, and unknown or malformed options.
 */
export function callSpec(
  target: AnyDurable | AnyCallable,
  args: readonly unknown[] = [],
  options: CallOptions<unknown> = {},
): CallSpec {
  if (isCallable(target)) return callableSpec(target);
  const functionId = functionIdOf(target);
  const where = `durable call ${functionId}`;
  if (!Array.isArray(args)) throw new TypeError(`${where}: the arguments must be an array`);
  checkOptions(where, options, OPTION_KEYS);
  const fn = typeof target === "function" ? target : target.fn;
  if (typeof fn !== "function") throw new TypeError(`${where}: fn must be a function`);
  const identity = { functionId, argsDigest: argsDigest(args) };
  let kept: readonly unknown[] | undefined;
  // fn may start later than the action goes on, and more than once.
  const keepArgs = (): readonly unknown[] => (kept ??= copyOfArgs(args));
  const start = (): unknown => fn(...copyOfArgs(keepArgs()));
  // Spelled out: made for every call, and a spread costs several times as much.
  const { reconciler, retry, timeoutMs } = checkedOptions(where, options);
  return { identity, fn, start, keepArgs, reconciler, retry, timeoutMs };
}

function isCallable(target: AnyDurable | AnyCallable): target is AnyCallable {
  if (typeof target === "function") return false;
  if (typeof target !== "object" || target === null) {
    throw new TypeError(
      `durableExecute takes a function, durable(id, fn) or { id, call }, not ${String(target)}`,
    );
  }
  return "call" in target;
}

function callableSpec(callable: AnyCallable): CallSpec {
  const functionId = checkFunctionId(callable.id);
  const where = `durable call ${functionId}`;
  checkOptions(where, callable, CALLABLE_KEYS);
  if (typeof callable.call !== "function") throw new TypeError(`${where}: call must be a function`);
  return {
    identity: { functionId, argsDigest: "" },
    fn: undefined,
    start: ({ info }) => callable.call(info),
    keepArgs: noArgs,
    ...checkedOptions(where, callable),
  };
}

function noArgs(): void {}

function checkedOptions(
  where: string,
  options: Pick<CallOptions<unknown>, "reconciler" | "retry" | "timeoutMs">,
): Pick<CallSpec, "reconciler" | "retry" | "timeoutMs"> {
  const { timeoutMs } = options;
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw new TypeError(
      `${where}: timeoutMs must be above 0 milliseconds, not ${String(timeoutMs)}`,
    );
  }
  return {
    reconciler: checkReconciler(where, options.reconciler),
    retry: retryPolicy(where, options.retry),
    timeoutMs,
  };
}

function checkReconciler(where: string, reconciler: unknown): (() => unknown) | undefined {
  if (reconciler === undefined) return undefined;
  if (typeof reconciler !== "function") {
    throw new TypeError(`${where}: reconciler must be callable`);
  }
  if (reconciler.length > 0) {
    throw new TypeError(`${where}: reconciler must be a callable that takes no arguments`);
  }
  return reconciler as () => unknown;
}
