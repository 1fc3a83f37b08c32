import { checkOptions } from "@refrain/core";
import type { RedisClient } from "./script.ts";
import { StoreError } from "./store-error.ts";

/** Where a write must have arrived before it counts as acknowledged, beyond the memory of the server that took it. */
export interface Durability {
  /** So many replicas have it. From 1; needs Redis's WAIT. */
  readonly replicas?: number;
  /** The server has synced its append-only file to disk. Needs Redis 7.2, for WAITAOF. */
  readonly fsync?: true;
}

const MAX_REPLICAS = 100;

/** @throws TypeError on an unknown option, a bad one, and when nothing is asked for. */
export function checkDurability(where: string, durability: Durability): void {
  checkOptions(`${where}: durability`, durability, ["replicas", "fsync"]);
  const { replicas, fsync }: { readonly replicas?: unknown; readonly fsync?: unknown } = durability;
  if (replicas === undefined && fsync === undefined) {
    throw new TypeError(
      `${where}: durability asks for nothing; give { replicas: 1 } or { fsync: true }, or leave it out`,
    );
  }
  if (fsync !== undefined && fsync !== true) {
    throw new TypeError(`${where}: durability.fsync must be true, or be left out`);
  }
  if (replicas === undefined) return;
  if (Number.isInteger(replicas) && Number(replicas) >= 1 && Number(replicas) <= MAX_REPLICAS) {
    return;
  }
  throw new TypeError(
    `${where}: durability.replicas must be a whole number from 1 to ${MAX_REPLICAS}, not ${JSON.stringify(replicas)}`,
  );
}

/** One question to a server: have the writes of this connection arrived where they must? */
export interface Wait {
  readonly name: string;
  readonly args: readonly number[];
  /** What is still missing, from the server's reply; undefined when nothing is. */
  readonly missing: (reply: unknown) => string | undefined;
}

/** @param forMs how long the server waits before it answers that something is missing */
export function waitsOf({ replicas, fsync }: Durability, forMs: number): Wait[] {
  const waits: Wait[] = [];
  if (replicas !== undefined) {
    waits.push({
      name: "wait",
      args: [replicas, forMs],
      missing: (reply) => {
        const count = Number(reply);
        return count >= replicas ? undefined : `${count} of ${replicas} replicas have them`;
      },
    });
  }
  if (fsync) {
    waits.push({
      name: "waitaof",
      args: [1, 0, forMs],
      missing: (reply) =>
        Array.isArray(reply) && Number(reply[0]) >= 1
          ? undefined
          : "the append-only file is not synced",
    });
  }
  return waits;
}

/**
 * Asks the server, once, what every write will ask it.
 *
 * @throws StoreError when it, or this user, cannot do that.
 */
export async function checkWaits(redis: RedisClient, durability: Durability): Promise<void> {
  for (const { name, args } of waitsOf(durability, 1)) {
    await redis.call(name, ...args).catch((error: unknown) => {
      throw StoreError.from(`${ADVICE[name]} (${name.toUpperCase()})`, error);
    });
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  wait: "durability { replicas } needs a server that waits for replicas, and a user who may ask it to",
  waitaof:
    "durability { fsync } needs Redis 7.2 or newer with `appendonly yes`, and a user who may ask it to wait; on an older one set `appendfsync always` and leave fsync out",
};
