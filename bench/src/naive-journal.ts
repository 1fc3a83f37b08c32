import { Redis } from "ioredis";
import { prefixOf } from "./bull.ts";
import type { Place } from "./system.ts";

/*
 * The journal one would write first, with care: a hash per run, fenced by an epoch, with a TTL from the start, every write
 * idempotent, results as JSON. It has no outcome, no list of live runs, no digests and no limits, and is told as much.
 */

const CLAIM = `
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('HGETALL', KEYS[1])`;

const RECORD = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
return redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3])`;

const FINALIZE = `
local epoch, call = unpack(redis.call('HMGET', KEYS[1], 'epoch', ARGV[2]))
if epoch ~= ARGV[1] then return -1 end
if call ~= 'PENDING' then return 0 end
return redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])`;

const DAY_MS = 24 * 60 * 60 * 1000;

/** One attempt's hold on its journal. */
export interface NaiveClaim {
  readonly calls: Readonly<Record<string, string>>;
  /** Writes what was not there before. */
  record(slot: number, value: string): Promise<void>;
  /** Puts an outcome in place of PENDING. */
  finalize(slot: number, value: string): Promise<void>;
}

export class NaiveJournal {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #digests: Digests;

  private constructor(redis: Redis, prefix: string, digests: Digests) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#digests = digests;
  }

  static async open(place: Place): Promise<NaiveJournal> {
    const redis = new Redis(place.redisUrl, { maxRetriesPerRequest: null });
    const load = async (lua: string): Promise<string> => String(await redis.script("LOAD", lua));
    const digests = {
      claim: await load(CLAIM),
      record: await load(RECORD),
      finalize: await load(FINALIZE),
    };
    return new NaiveJournal(redis, prefixOf(place), digests);
  }

  async claim(runId: string): Promise<NaiveClaim> {
    const key = `${this.#prefix}:journal:${runId}`;
    const { claim, record, finalize } = this.#digests;
    const flat = (await this.#redis.evalsha(claim, 1, key, DAY_MS)) as string[];
    const calls: Record<string, string> = {};
    for (let at = 0; at < flat.length; at += 2) calls[flat[at] ?? ""] = flat[at + 1] ?? "";
    const epoch = calls["epoch"] ?? "";
    const write = async (digest: string, slot: number, value: string): Promise<void> => {
      const reply = await this.#redis.evalsha(digest, 1, key, epoch, slot, value);
      if (reply === -1) throw new Error(`run ${runId}: another attempt owns it`);
    };
    return {
      calls,
      record: (slot, value) => write(record, slot, value),
      finalize: (slot, value) => write(finalize, slot, value),
    };
  }

  close(): void {
    this.#redis.disconnect();
  }
}

interface Digests {
  readonly claim: string;
  readonly record: string;
  readonly finalize: string;
}
