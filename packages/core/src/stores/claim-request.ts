import type { Group, GroupReply } from "../ports/commit.ts";
import type { ClaimReply, Delivery } from "../ports/store.ts";
import { type Answered, NOT_YET, type Part, type Room, type Source } from "./cut-batch.ts";
import { QueuedClaim } from "./queued-claim.ts";

/**
 * A claim that waits for its verdict. What an older claim of this process has written of the run goes before it: it would fence
 * outcomes that are known here.
 */
export class ClaimRequest implements Source {
  readonly #delivery: Delivery;
  readonly #before: readonly Answered[];
  readonly #enqueue: (source: Source) => void;
  readonly #resolve: (reply: ClaimReply) => void;
  readonly #reject: (error: Error) => void;

  constructor(
    delivery: Delivery,
    before: readonly Answered[],
    enqueue: (source: Source) => void,
    resolve: (reply: ClaimReply) => void,
    reject: (error: Error) => void,
  ) {
    this.#delivery = delivery;
    this.#before = before;
    this.#enqueue = enqueue;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  take({ isStoreFull }: Room): Part | typeof NOT_YET {
    if (isStoreFull || !this.#before.every((isAnswered) => isAnswered())) return NOT_YET;
    const group: Group = { kind: "claim", delivery: this.#delivery };
    return { group, entries: 1, bytes: 0 };
  }

  writesOf(): undefined {
    return undefined;
  }

  answer(reply: GroupReply): void {
    switch (reply.word) {
      case "claimed": {
        const claim = new QueuedClaim(this.#delivery, reply.run.epoch, this.#enqueue);
        return this.#resolve({ kind: "claimed", claim, run: reply.run });
      }
      case "settled":
        return this.#resolve({ kind: "settled", outcome: reply.outcome });
      case "foreign":
        return this.#resolve({ kind: "foreign", action: reply.action, queue: reply.queue });
      case "stale":
      case "missing":
        return this.#resolve({ kind: reply.word });
      case "full":
        return this.#enqueue(this);
      case "refused":
        return this.#reject(reply.error);
      case "applied":
      case "same":
      case "fenced":
      case "gap":
        return this.#reject(new Error(`the store answered a claim with "${reply.word}"`));
    }
  }
}
