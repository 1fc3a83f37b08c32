import type { EffectLedger } from "@refrain/testkit";
import { currentCall, defineAction, durable, type Implementation, notStarted } from "refrain";

export const booking = defineAction<null, string>({ name: "book" });

/** Books once for each run, in a ledger: an attempt that follows a dead one asks there. */
export function implementBooking(ledger: EffectLedger): Implementation {
  const book = durable("book", () => {
    const { runId } = currentCall();
    ledger.write({ kind: "effect", key: runId });
    return `booked ${runId}`;
  });
  const reconciler = () => {
    const { runId } = currentCall();
    return ledger.count("effect", runId) > 0 ? `booked ${runId}` : notStarted();
  };
  return booking.implement((ctx) => ctx.durableExecute(book, [], { reconciler }), {
    onDivergence: "fail",
  });
}
