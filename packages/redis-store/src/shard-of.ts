import { createHash } from "node:crypto";

const MULTIPLIER = 2862933555777941757n;

/**
 * The shard a run lives in, from 0: a jump consistent hash (Lamping and Veach) of the first 8 bytes, big-endian, of the run
 * id's SHA-256. When shards are added, only the runs that the new ones take over move.
 */
export function shardOf(runId: string, shards: number): number {
  if (shards === 1) return 0;
  let key = createHash("sha256").update(runId).digest().readBigUInt64BE();
  let shard = 0;
  for (let next = 0; next < shards; ) {
    shard = next;
    key = BigInt.asUintN(64, key * MULTIPLIER + 1n);
    next = Math.floor((shard + 1) * (2 ** 31 / Number((key >> 33n) + 1n)));
  }
  return shard;
}

export const MOST_SHARDS = 1024;

/** @throws TypeError on what cannot be a number of shards. */
export function checkShards(shards: number): void {
  if (Number.isInteger(shards) && shards >= 1 && shards <= MOST_SHARDS) return;
  throw new TypeError(`shards must be a whole number from 1 to ${MOST_SHARDS}, not ${shards}`);
}
