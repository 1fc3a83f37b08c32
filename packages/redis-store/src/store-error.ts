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

  /**
   * What went wrong while `what` was to be done.
   *
   * @param redis where; nothing passes on a connection that was ended for good
   */
  static from(what: string, cause: unknown, redis?: { readonly status: string }): StoreError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isTransient = mayPass(cause) && redis?.status !== "end";
    return new StoreError(`${what}: ${reason}`, { cause, isTransient });
  }
}

/** Replies that say: not now, and nothing was done. */
const NOT_NOW =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS|MOVED|ASK)\b/;

/**
 * Whether asking again makes sense: the server says that it cannot do it now, or no reply came at all and nobody knows
 * whether it was done. Every other reply is definite, and so is what we make of replies ourselves.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof RefrainError) return error instanceof StoreError && error.isTransient;
  if (!(error instanceof Error)) return false;
  return isReply(error) ? NOT_NOW.test(error.message) : true;
}

/** The server refused what it was asked. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** The server has no memory for what was asked. A script that is not for a full server was not begun. */
export function isOutOfMemory(error: unknown): boolean {
  return isReply(error) && /^OOM\b/.test(error.message);
}
