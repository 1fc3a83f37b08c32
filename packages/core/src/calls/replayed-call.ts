import type { DurablePromise } from "../ports/durable-promise.ts";
import type { SettledCall } from "../words/call-result.ts";
import type { ReadyOutcome } from "./delivery-order.ts";
import type { Seen } from "./outcomes.ts";
import { handOut, type Settlers } from "./settlers.ts";

/** What a replayed call sets off in its attempt. */
export interface ReplayHost {
  /** Its turn has come: reads what the action is to see. Undefined when that cannot be read. */
  seen(recorded: SettledCall): Seen | undefined;
  closed(call: ReplayedCall, hasFailed: boolean): void;
}

/** A durable call whose outcome an earlier attempt recorded: nothing of it runs, it only waits for its place in the order. */
export class ReplayedCall implements ReadyOutcome {
  readonly planned: SettledCall;
  readonly seq: number;
  readonly #host: ReplayHost;
  readonly #settlers: Settlers;

  constructor(host: ReplayHost, recorded: SettledCall, settlers: Settlers) {
    this.#host = host;
    this.planned = recorded;
    this.seq = recorded.seq;
    this.#settlers = settlers;
  }

  get promise(): DurablePromise<unknown> {
    return this.#settlers.promise;
  }

  deliver(): void {
    const seen = this.#host.seen(this.planned);
    if (seen !== undefined) this.#host.closed(this, handOut(seen, this.#settlers));
  }

  /** Nobody waits for the outcome any more: there is nothing to stop. */
  abandon(): void {}
}
