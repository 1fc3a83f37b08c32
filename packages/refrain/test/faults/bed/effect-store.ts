import type { BedLedger } from "./bed-ledger.ts";
import type { EventOf } from "./events.ts";

/** The outside world, as a reconciler asks it: what happened under an idempotency key, in whichever process. */
export class EffectStore {
  readonly #ledger: BedLedger;
  readonly #effects = new Map<string, EventOf<"effect">>();

  constructor(ledger: BedLedger) {
    this.#ledger = ledger;
  }

  /** The last effect under this key. */
  find(key: string): EventOf<"effect"> | undefined {
    for (const event of this.#ledger.readNew()) {
      if (event.kind === "effect") this.#effects.set(event.key, event);
    }
    return this.#effects.get(key);
  }
}
