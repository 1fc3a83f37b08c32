import type { Clock, CommitPort, Group, GroupReply } from "@refrain/core";
import { decodeReply, refusal } from "./decode-reply.ts";
import { encodeBatch } from "./encode-batch.ts";
import type { ShardKeys } from "./keys.ts";
import { type RedisClient, type Reply, ScriptCall } from "./script.ts";
import { commit } from "./scripts.generated.ts";
import { mayPass } from "./store-error.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

/**
 * Group commit over Redis. A batch without a definite answer is sent again, the same bytes, until it has one. A batch that
 * is refused for good goes group by group: what one run holds, or what is asked of it, stops no other.
 */
export class RedisCommitPort implements CommitPort {
  readonly #redis: RedisClient;
  readonly #keys: ShardKeys;
  readonly #clock: Clock;

  constructor(redis: RedisClient, keys: ShardKeys, clock: Clock) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    try {
      const replies = await this.#commit(batch);
      return batch.map((group, index) => decodeReply(group, replies[index] ?? null));
    } catch (error) {
      const [only] = batch;
      if (only !== undefined && batch.length === 1) {
        return [{ word: "refused", error: refusal(only, error) }];
      }
    }
    const replies: GroupReply[] = [];
    for (const group of batch) replies.push(...(await this.send([group])));
    return replies;
  }

  async #commit(batch: readonly Group[]): Promise<readonly Reply[]> {
    const { runs, groups } = encodeBatch(batch, this.#keys);
    const { live, settled } = this.#keys;
    const call = new ScriptCall(commit, { live, runs }, { settled, groups });
    for (let failures = 0; ; failures++) {
      try {
        return (await call.send(this.#redis)) as readonly Reply[];
      } catch (error) {
        // A connection that somebody ended for good will not tell what became of the batch.
        if (this.#redis.status === "end" || !mayPass(error)) throw error;
        await this.#pause(failures);
      }
    }
  }

  #pause(failures: number): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    const ms = longest * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      this.#clock.timer(ms, resolve);
    });
  }
}
