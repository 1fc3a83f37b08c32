import type { RetryOptions } from "../decisions/retry-policy.ts";
import { checkFunctionId } from "../words/call-identity.ts";
import type { CallInfo } from "../words/current-call.ts";
import type { NotStarted } from "../words/not-started.ts";

export type Awaitable<T> = T | PromiseLike<T>;

/** A function with a stable id. Not callable on purpose: it runs through `ctx.durableExecute`; tests call `.fn`. */
export interface DurableFunction<A extends readonly unknown[], R> {
  readonly functionId: string;
  readonly fn: (...args: A) => R;
}

/** What `ctx.durableExecute` takes: a durable function, or a bare named function, whose name is its id. */
export type Durable<A extends readonly unknown[], R> = DurableFunction<A, R> | ((...args: A) => R);

/**
 * Gives `fn` the id under which its outcomes are recorded. The id must stay the same for as long as runs that used it
 * live: renaming it is a divergence. `fn` receives exactly the arguments of the call.
 *
 * @throws TypeError when the id is empty or over 255 bytes, or `fn` is not a function.
 * @example
 * const sendMail = durable("mail.send", async (to: string) => mailer.send(to));
 */
export function durable<A extends readonly unknown[], R>(
  id: string,
  fn: (...args: A) => R,
): DurableFunction<A, R> {
  checkFunctionId(id);
  if (typeof fn !== "function") {
    throw new TypeError(`durable("${id}", fn): fn is ${typeof fn}, not a function`);
  }
  return Object.freeze({ functionId: id, fn });
}

/** Options of one durable call. `R` is inferred from the function, never from the reconciler. */
export interface CallOptions<R> {
  /**
   * Makes the call reconcilable. Called with no arguments when an earlier attempt started the call and left no
   * outcome: returns the result (recovered success), throws (recovered failure), returns `notStarted()` (run fn now)
   * or throws `OutcomeUnknownError` (ask again later).
   */
  readonly reconciler?: (() => Awaitable<R | NotStarted>) | undefined;
  /** No retry by default. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Bound on each try of fn and on each question to the reconciler, milliseconds; `signal` aborts. A completion-only
   * call then fails with a recorded `TimeoutError`; the outcome of a reconcilable one is unknown.
   */
  readonly timeoutMs?: number | undefined;
}

/** The second form of a call: everything in one object, for inline closures. Its arguments play no part in matching. */
export interface DurableCallable<R> extends Omit<CallOptions<never>, "reconciler"> {
  readonly id: string;
  readonly call: (info: CallInfo) => R;
  readonly reconciler?: (() => Awaitable<NoInfer<Awaited<R>> | NotStarted>) | undefined;
}

export type CallArgs<A extends readonly unknown[], R> = [] extends A
  ? [args?: Readonly<A>, options?: CallOptions<R>]
  : [args: Readonly<A>, options?: CallOptions<R>];
