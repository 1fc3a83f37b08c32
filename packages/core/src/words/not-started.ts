declare const brand: unique symbol;

/** A reconciler's answer: the call provably never took effect; run fn now. */
export interface NotStarted {
  readonly [brand]: "not-started";
}

// Registered, because a process may hold two copies of this module; and a symbol, because what is not understood as this
// answer must not pass for a result: a symbol cannot be stored.
const NOT_STARTED = Symbol.for("refrain.notStarted") as unknown as NotStarted;

/**
 * A reconciler returns this when the outside world provably knows nothing of the call: fn runs now. A request still in
 * flight may land after you looked: answer so only when that cannot be, or when the receiver honours the
 * idempotency key.
 */
export function notStarted(): NotStarted {
  return NOT_STARTED;
}

export function isNotStarted(value: unknown): value is NotStarted {
  return value === NOT_STARTED;
}
