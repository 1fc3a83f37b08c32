import { type Clock, type CommitPort, type Group, type GroupReply, needsRoom } from "@refrain/core";
import type { Acknowledgements } from "./acknowledgements.ts";
import { decodeReplies, refusal } from "./decode-reply.ts";
import { encodeBatch } from "./encode-batch.ts";
import type { ShardKeys } from "./keys.ts";
import { pauseAfter } from "./pause.ts";
import { type RedisClient, ScriptCall } from "./script.ts";
import { commit, commitWhenFull } from "./scripts.generated.ts";
import { isOutOfMemory, mayPass } from "./store-error.ts";
import type { Troubles } from "./troubles.ts";

export interface CommitPortOptions {
  readonly redis: RedisClient;
  readonly keys: ShardKeys;
  readonly clock: Clock;
  readonly troubles: Troubles;
  /** Says when a write counts as acknowledged; without them the server's reply is enough. */
  readonly acknowledgements?: Acknowledgements | undefined;
}

/**
 * Group commit over Redis. A batch without a definite answer is sent again, the same bytes, until it has one. A batch that
 * is refused for good goes group by group: what one run holds, or what is asked of it, stops no other.
 *
 * Memory that is full refuses a batch as a whole, unless nothing in it needs room.
 */
export class RedisCommitPort implements CommitPort {
  readonly #options: CommitPortOptions;

  constructor(options: CommitPortOptions) {
    this.#options = options;
  }

  send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    return this.#carryOut(batch, batch.some(needsRoom) ? commit : commitWhenFull, false, false);
  }

  /**
   * @param mayBeDone whether these groups were sent before, and not refused
   * @param isWhole whether calls that their own group would drop are sent with it
   */
  async #carryOut(
    batch: readonly Group[],
    script: typeof commit,
    mayBeDone: boolean,
    isWhole: boolean,
  ): Promise<readonly GroupReply[]> {
    const { redis, keys, clock, troubles, acknowledgements } = this.#options;
    const call = new ScriptCall(script, keys.live, encodeBatch(batch, keys, isWhole));
    for (let failures = 0; ; failures++) {
      try {
        return decodeReplies(batch, await (acknowledgements?.send(call) ?? call.send(redis)));
      } catch (error) {
        const maySomeBeDone = mayBeDone || call.mayBeDone;
        // A connection that somebody ended for good will not tell what became of the batch.
        if (redis.status === "end" || !mayPass(error)) {
          const [only] = batch;
          const isOne = isWhole && batch.length === 1 && only !== undefined;
          if (isOne) return [{ word: "refused", error: refusal(only, error) }];
          return this.#oneByOne(batch, maySomeBeDone);
        }
        troubles.refusedBy(error);
        if (isOutOfMemory(error)) return this.#refuse(batch, maySomeBeDone, isWhole);
        await pauseAfter(failures, clock);
      }
    }
  }

  /** Each whole: when a settlement is refused, the calls that it would have dropped are there by then. */
  async #oneByOne(batch: readonly Group[], mayBeDone: boolean): Promise<readonly GroupReply[]> {
    const replies: GroupReply[] = [];
    for (const group of batch) {
      const script = needsRoom(group) ? commit : commitWhenFull;
      replies.push(...(await this.#carryOut([group], script, mayBeDone, true)));
    }
    return replies;
  }

  /**
   * Memory is full. A copy without a reply may have been carried out before it was, or may be still, and one that was answered
   * has been: its writes are carried out as they are, under their numbers, room or no room. Of claims a store knows every copy
   * by its nonce.
   */
  async #refuse(
    batch: readonly Group[],
    mayBeDone: boolean,
    isWhole: boolean,
  ): Promise<readonly GroupReply[]> {
    const writes = mayBeDone ? batch.filter((group) => group.kind === "write") : [];
    const replies =
      writes.length === 0 ? [] : await this.#carryOut(writes, commitWhenFull, true, isWhole);
    let next = 0;
    return batch.map((group) => {
      const reply = mayBeDone && group.kind === "write" ? replies[next++] : undefined;
      return reply ?? { word: "full" };
    });
  }
}
