import {
  ClaimLostError,
  DivergenceError,
  LimitExceededError,
  OutcomeUnknownError,
  PoisonRunError,
  RunConflictError,
  SerializationError,
  TerminalError,
  TimeoutError,
  UsageError,
} from "../words/errors.ts";
import { ValidationError } from "../words/schema.ts";

/** Error classes that come back as themselves. The key is the stored name, so minifiers do no harm. */
export type ErrorClasses = Readonly<Record<string, abstract new (...args: never) => Error>>;

type ErrorClass = ErrorClasses[string];

/** How an error is stored: under which key, and whether the class behind it is the error's own or one above it. */
interface RegisteredClass {
  readonly key: string;
  readonly isExact: boolean;
}

/** Which classes stored errors may come back as, looked up in Maps: stored names never reach an object or a global. */
export interface ErrorRegistry {
  /** The nearest registered class of an error; undefined when that would be Error itself. */
  keyOf(error: Error): RegisteredClass | undefined;
  classOf(key: string): ErrorClass | undefined;
}

/**
 * The registry of some error classes, Refrain's own and the built-in ones beneath. Made once per `classes` object.
 *
 * @throws TypeError when a value is not a class that extends Error.
 */
export function errorRegistry(classes: ErrorClasses): ErrorRegistry {
  const known = registries.get(classes);
  if (known !== undefined) return known;
  const registry = createRegistry(classes);
  registries.set(classes, registry);
  return registry;
}

const registries = new WeakMap<ErrorClasses, ErrorRegistry>();

const alwaysKnown: ErrorClasses = {
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  ClaimLostError,
  DivergenceError,
  LimitExceededError,
  OutcomeUnknownError,
  PoisonRunError,
  RunConflictError,
  SerializationError,
  TerminalError,
  TimeoutError,
  UsageError,
  ValidationError,
};

function createRegistry(classes: ErrorClasses): ErrorRegistry {
  const classOfKey = new Map<string, ErrorClass>();
  const keyOfPrototype = new Map<unknown, string>();
  // The caller's classes come first: they may take over a name.
  for (const [key, errorClass] of [...Object.entries(classes), ...Object.entries(alwaysKnown)]) {
    const prototype: unknown = typeof errorClass === "function" ? errorClass.prototype : undefined;
    if (!(prototype instanceof Error)) {
      throw new TypeError(`errors.${key} must be a class that extends Error`);
    }
    if (!classOfKey.has(key)) classOfKey.set(key, errorClass);
    if (!keyOfPrototype.has(prototype)) keyOfPrototype.set(prototype, key);
  }
  return {
    keyOf: (error) => nearest(error, keyOfPrototype),
    classOf: (key) => classOfKey.get(key),
  };
}

function nearest(
  error: Error,
  keyOfPrototype: ReadonlyMap<unknown, string>,
): RegisteredClass | undefined {
  let prototype: unknown = Object.getPrototypeOf(error);
  for (let isExact = true; typeof prototype === "object" && prototype !== null; isExact = false) {
    const key = keyOfPrototype.get(prototype);
    if (key !== undefined) return { key, isExact };
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}
