import type { StandardSchemaV1 as Schema } from "@standard-schema/spec";
import type { ErrorClasses } from "../decisions/error-payload.ts";
import { checkName, checkOptions } from "../words/options.ts";
import type { DurableContext } from "./durable-context.ts";
import type { Awaitable } from "./durable-function.ts";

/** What identifies an action, shared by those who enqueue it and those who run it. */
export interface ActionOptions {
  /** Letters, digits, `_`, `-` and `.`, at most 128 characters. Also the job name. */
  readonly name: string;
  /** The queue its runs wait in. Default "default". */
  readonly queue?: string;
  /** Recorded with each run for people to read. Default "". */
  readonly version?: string;
  /** Error classes that come back as themselves. The key is the stored name, so minifiers do no harm. */
  readonly errors?: ErrorClasses;
}

export interface ImplementOptions {
  /**
   * What happens when an attempt asks for another call than the journal holds. "clear" (default): drop the slot and
   * all after it, announced, and go on. "guard": the same, but a run that would drop a started reconcilable
   * call fails. "fail": the run always fails.
   */
  readonly onDivergence?: "clear" | "guard" | "fail";
  /** Runs of this action at once in one worker. Default: no bound of its own. */
  readonly concurrency?: number;
  /** How long settled runs are kept. Default 1 day when succeeded, 7 days when failed. */
  readonly retention?: { readonly succeededMs?: number; readonly failedMs?: number };
}

declare const brand: unique symbol;

/** An action with its handler: what a worker takes. */
export interface Implementation {
  readonly name: string;
  readonly [brand]: "implementation";
}

/** Input as the caller gives it, output, and input as the handler sees it after parsing. */
export interface Action<Input, Output, Parsed = Input> {
  readonly name: string;
  readonly queue: string;
  readonly [brand]?: (input: Input) => [Output, Parsed];
  /** Binds the handler. Everything it does to the outside world goes through `ctx.durableExecute`. */
  implement(
    handler: (ctx: DurableContext, input: Parsed) => Awaitable<Output>,
    options?: ImplementOptions,
  ): Implementation;
}

/** What the packages of Refrain read off an action. Not for applications. */
export interface ActionDefinition {
  readonly name: string;
  readonly queue: string;
  readonly version: string;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  readonly errors: ErrorClasses;
}

/** What the packages of Refrain read off an implementation. Not for applications. */
export interface ActionImplementation {
  readonly definition: ActionDefinition;
  readonly handler: (ctx: DurableContext, input: unknown) => unknown;
  readonly onDivergence: "clear" | "guard" | "fail";
  readonly concurrency: number | undefined;
  readonly retention: { readonly succeededMs: number; readonly failedMs: number };
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ACTION_KEYS = ["name", "queue", "version", "input", "output", "errors"];
const IMPLEMENT_KEYS = ["onDivergence", "concurrency", "retention"];
const definitions = new WeakMap<object, ActionDefinition>();
const implementations = new WeakMap<object, ActionImplementation>();

/**
 * Names an action and states what goes in and out. Input is parsed once, when the run is enqueued; what the schema
 * gives is stored, and every attempt reads that. Output is parsed before the run settles.
 *
 * @throws TypeError on an unknown option, a bad name or queue, or errors that are no classes.
 */
export function defineAction<S extends Schema, T extends Schema>(
  options: ActionOptions & { readonly input: S; readonly output: T },
): Action<Schema.InferInput<S>, Schema.InferOutput<T>, Schema.InferOutput<S>>;
export function defineAction<Input, Output>(
  options: ActionOptions & {
    readonly input?: Schema<Input, Input>;
    readonly output?: Schema<Output, Output>;
  },
): Action<Input, Output>;
export function defineAction(
  options: ActionOptions & { readonly input?: Schema; readonly output?: Schema },
): Action<unknown, unknown> {
  checkOptions("defineAction", options, ACTION_KEYS);
  const { name, queue = "default", version = "", errors = {} } = options;
  checkName("defineAction: name", name);
  checkName(`defineAction("${name}"): queue`, queue);
  for (const [key, value] of Object.entries(errors)) {
    if (typeof value === "function" && value.prototype instanceof Error) continue;
    throw new TypeError(
      `defineAction("${name}"): errors.${key} must be a class that extends Error`,
    );
  }
  const definition: ActionDefinition = {
    name,
    queue,
    version,
    errors,
    input: options.input,
    output: options.output,
  };
  const action: Action<unknown, unknown> = {
    name,
    queue,
    implement: (handler, implementOptions = {}) => implement(definition, handler, implementOptions),
  };
  definitions.set(action, definition);
  return Object.freeze(action);
}

function implement(
  definition: ActionDefinition,
  handler: (ctx: DurableContext, input: unknown) => unknown,
  options: ImplementOptions,
): Implementation {
  const where = `${definition.name}.implement`;
  if (typeof handler !== "function")
    throw new TypeError(`${where}: the handler must be a function`);
  checkOptions(where, options, IMPLEMENT_KEYS);
  const { onDivergence = "clear", concurrency, retention = {} } = options;
  if (!["clear", "guard", "fail"].includes(onDivergence)) {
    throw new TypeError(`${where}: onDivergence must be "clear", "guard" or "fail"`);
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new TypeError(`${where}: concurrency must be a whole number above 0`);
  }
  checkOptions(`${where}: retention`, retention, ["succeededMs", "failedMs"]);
  const { succeededMs = DAY_MS, failedMs = 7 * DAY_MS } = retention;
  for (const ms of [succeededMs, failedMs]) {
    if (Number.isInteger(ms) && ms > 0) continue;
    throw new TypeError(`${where}: retention is in whole milliseconds above 0`);
  }
  const implementation = Object.freeze({ name: definition.name }) as Implementation;
  implementations.set(implementation, {
    definition,
    handler,
    onDivergence,
    concurrency,
    retention: { succeededMs, failedMs },
  });
  return implementation;
}

/** @throws TypeError when `action` was not made by this copy of `defineAction`. */
export function definitionOf(action: object): ActionDefinition {
  const definition = definitions.get(action);
  if (definition === undefined) {
    throw new TypeError(
      "not an action made by defineAction (or one made by another copy of @refrain/core: check for duplicates in node_modules)",
    );
  }
  return definition;
}

/** @throws TypeError when `implementation` was not made by `action.implement` of this copy of core. */
export function implementationOf(implementation: object): ActionImplementation {
  const found = implementations.get(implementation);
  if (found === undefined) {
    throw new TypeError(
      "not an implementation made by action.implement (or one of another copy of @refrain/core: check for duplicates in node_modules)",
    );
  }
  return found;
}
