import { jobIdOf } from "@refrain/client";
import type { ShardKeys } from "@refrain/redis-store";
import type { Redis } from "ioredis";

/** What somebody who can write to Redis may do to a run. */
export type Damage = (redis: Redis, keys: ShardKeys, runId: string, dice: Dice) => Promise<unknown>;

/** Chances that come back for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 up to `limit`, which it never is. */
  below(limit: number): number {
    // xorshift32
    this.#state ^= this.#state << 13;
    this.#state >>>= 0;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most) }, () => this.below(256)));
  }
}

const RUN_FIELDS =
  `status action version queue input request createdAt generation fence claim writes wrote
  incarnation nonces timestamps clears unknownAsks outcome failedSlot settledAt reopened notBefore priority
  unheardOf`.split(/\s+/);

const WORDS = ["", "0", "-1", "NaN", "1e999", "99999999999999999999", "0x10", "__proto__", "null"];
const STATUSES = ["QUEUED", "RUNNING", "PARKED", "SUCCEEDED", "FAILED", "CANCELLED", "APPLIED"];
/** The codec's version, then what claims to be long, deep, or what MessagePack has no room for. */
const PAYLOADS = ["01c1", "01ddffffffff", "01dbffffffff", "01c6ffffffff", "01dfffffffff", "02c0"]
  .map((hex) => Buffer.from(hex, "hex"))
  .concat([Buffer.concat([Buffer.of(1), Buffer.alloc(50_000, 0x91)]), Buffer.alloc(2 ** 21, 1)]);

function anything(dice: Dice): string | Buffer {
  switch (dice.below(4)) {
    case 0:
      return dice.of(WORDS);
    case 1:
      return dice.of(STATUSES);
    case 2:
      return dice.of(PAYLOADS);
    default:
      return dice.bytes(120);
  }
}

export const damageToRun: Damage = async (redis, keys, runId, dice) => {
  const { run, calls } = keys.of(runId);
  switch (dice.below(8)) {
    case 0:
      return redis.hdel(run, dice.of(RUN_FIELDS));
    case 1:
      return replace(redis, run, dice);
    case 2:
      return replace(redis, calls, dice);
    case 3:
      return redis.hset(
        calls,
        dice.of(["0", "1", "2", "9", "-1", "x", "", "fence"]),
        anything(dice),
      );
    case 4:
      return redis.zadd(keys.live, dice.of(["-inf", "0", "inf", "12.5"]), anything(dice));
    default:
      return redis.hset(run, dice.of(RUN_FIELDS), anything(dice));
  }
};

function replace(redis: Redis, key: string, dice: Dice): Promise<unknown> {
  // In one step: the worker writes to these keys, too.
  const emptied = redis.multi().del(key);
  const value = anything(dice);
  return (dice.below(2) === 0 ? emptied.set(key, value) : emptied.rpush(key, value)).exec();
}

const JOB_FIELDS = ["data", "opts", "name", "timestamp", "ats", "atm", "stc", "delay", "priority"];
const JOB_TEXTS = [
  "{}",
  "[]",
  "null",
  "7",
  '"text"',
  "{",
  '{"runId":1}',
  '{"__proto__":{"admin":true}}',
  '{"runId":"other","action":"shop","version":"","incarnation":0}',
  '{"attempts":-1,"backoff":{"type":"no"},"jobId":"x"}',
];

export const damageToJob: Damage = async (redis, keys, runId, dice) => {
  const job = `${keys.prefix}:default:${jobIdOf(runId)}`;
  switch (dice.below(6)) {
    case 0:
      return redis.del(job);
    case 1:
      return redis.hdel(job, dice.of(JOB_FIELDS));
    case 2:
      return redis.hset(job, dice.of(JOB_FIELDS), anything(dice));
    default:
      return redis.hset(job, dice.of(["data", "opts"]), dice.of(JOB_TEXTS));
  }
};
