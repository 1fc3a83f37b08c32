import type { CallIdentity } from "./call-identity.ts";

/**
 * Where a stored value belongs. Its bytes are that value at this place only: a codec that encrypts binds them to it, and
 * refuses them anywhere else.
 */
export interface Place {
  /** `result` is a call's; `error` is a call's where there is a `call`, else the run's. */
  readonly kind: "input" | "output" | "result" | "error";
  readonly action: string;
  readonly runId: string;
  /** The call a result or an error is of. */
  readonly call: CallPlace | undefined;
}

export interface CallPlace extends CallIdentity {
  readonly slot: number;
}

/** The place of what a run has once: its input, and its output or error. */
export function placeInRun(
  kind: "input" | "output" | "error",
  { action, runId }: { readonly action: string; readonly runId: string },
): Place {
  return { kind, action, runId, call: undefined };
}
