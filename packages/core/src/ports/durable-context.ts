import type { Logger } from "pino";
import type { CallArgs, Durable, DurableCallable } from "./durable-function.ts";
import type { DurableHandle } from "./durable-promise.ts";

/**
 * What an action works with. Code between calls runs again on every attempt and must have no effects of its own; whatever
 * touches the outside world goes through `durableExecute`.
 */
export interface DurableContext {
  readonly runId: string;
  readonly action: string;
  /** Which attempt of the run this is, from 1. */
  readonly attempt: number;
  /** Aborts when the attempt ends before the action does: its lock is lost, or the run failed otherwise. */
  readonly signal: AbortSignal;
  /** True while the action still goes through what an earlier attempt recorded. */
  readonly isReplaying: boolean;
  /** A pino logger with run, action and attempt bound; silent while replaying. */
  readonly log: Logger;
  /** A key for an effect that spans calls: 32 hex characters, the same on every attempt. */
  idempotencyKey(label: string): string;
  /**
   * Runs `fn` once and records its outcome; on replay gives the recorded one. The call takes its place among the run's
   * calls now, whether or not it is awaited.
   *
   * @throws TypeError at once: a function without a usable id, arguments without canonical form, a bad reconciler or option.
   * @throws UsageError at once: inside another durable call, or after the action has ended.
   */
  durableExecute<A extends readonly unknown[], R>(
    fn: Durable<A, R>,
    ...rest: CallArgs<NoInfer<A>, NoInfer<Awaited<R>>>
  ): Promise<Awaited<R>>;
  durableExecute<R>(callable: DurableCallable<R>): Promise<Awaited<R>>;
  /**
   * The same, lazily: the call takes its place and starts when the handle is first awaited, and runs once, however often
   * it is awaited.
   */
  durableExecuteAsync<A extends readonly unknown[], R>(
    fn: Durable<A, R>,
    ...rest: CallArgs<NoInfer<A>, NoInfer<Awaited<R>>>
  ): DurableHandle<Awaited<R>>;
  durableExecuteAsync<R>(callable: DurableCallable<R>): DurableHandle<Awaited<R>>;
  /**
   * Awaits handles and never rejects: `PromiseSettledResult`s in input order. `concurrency` bounds how many lazy handles
   * are under way at once. Default: all.
   */
  gather<const T extends readonly DurableHandle<unknown>[]>(
    handles: T,
    options?: { readonly concurrency?: number },
  ): Promise<{ -readonly [K in keyof T]: PromiseSettledResult<Awaited<T[K]>> }>;
  /** Epoch milliseconds that replay: when the latest outcome the action has seen was settled; at first, when the run was created. */
  now(): number;
  /** A number from 0 up to 1 that replays. */
  random(): number;
  /** A version 4 UUID that replays. */
  uuid(): string;
}
