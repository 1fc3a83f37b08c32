import { RefrainError } from "@refrain/core";

export interface StoreErrorOptions extends ErrorOptions {
  readonly isTransient?: boolean;
}

/** Redis did not do what it was asked to, or holds what cannot be used. `cause` is its own error. */
export class StoreError extends RefrainError {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "StoreError",
      configurable: true,
      writable: true,
    });
  }
  readonly code = "STORE";
  /** The same request may have another answer later; whether it was done this time is not known. */
  readonly isTransient: boolean;

  constructor(message: string, options: StoreErrorOptions = {}) {
    const { isTransient = false, ...rest } = options;
    super(message, rest);
    this.isTransient = isTransient;
  }

  /** What Redis or the connection to it said while `what` was to be done. */
  static from(what: string, error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new StoreError(`${what}: ${reason}`, { cause: error, isTransient: mayPass(error) });
  }
}

/** Replies that say: not now, and nothing was done. */
const NOT_NOW =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS|MOVED|ASK)\b/;

/**
 * Whether asking again makes sense: the server says that it cannot do it now, or no reply came at all and nobody knows
 * whether it was done. Every other reply is definite.
 */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "ReplyError" ? NOT_NOW.test(error.message) : true;
}
