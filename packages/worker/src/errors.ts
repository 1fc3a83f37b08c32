import { RefrainError } from "@refrain/core";

/** The worker is not ready: Redis cannot be reached, or does not fit. The message says which, and what to do. */
export class NotReadyError extends RefrainError {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "NotReadyError",
      configurable: true,
      writable: true,
    });
  }
  readonly code = "NOT_READY";
}
