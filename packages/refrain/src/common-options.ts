import {
  type Codec,
  checkOptions,
  defaultLimits,
  type ErrorClasses,
  type Limits,
} from "@refrain/core";
import { type Connection, checkDurability, type Durability } from "@refrain/redis-store";
import { checkWhole } from "./check-number.ts";

/** What clients and workers of one application have in common, and must agree on. */
export interface CommonOptions {
  /**
   * A URL, the options of ioredis, or an instance of ioredis's `Redis` or `Cluster`, which serves as a template: connections of
   * Refrain's own are made like it, and it is left as it is. Give a cluster's clients and workers a `Cluster`, as BullMQ is.
   */
  readonly connection: Connection;
  /** Keeps applications that share a server apart. Default "refrain". */
  readonly namespace?: string;
  /**
   * Over how many shards runs spread: what the namespace is laid out in when it is first used, and must be laid out in after
   * that. Default: as it is, and 1 where nobody has used it yet. See docs/operations.md for how a namespace grows.
   */
  readonly shards?: number;
  /** Error classes that come back as themselves, beyond those of the actions. The key is the stored name. */
  readonly errors?: ErrorClasses;
  /** How values are stored: where compression plugs in, and encryption, see `aesGcmCodec`. Default msgpack. */
  readonly codec?: Codec;
  /**
   * Where a write must have arrived before it counts as acknowledged: on so many replicas (`{ replicas: 1 }`), on the server's
   * disk (`{ fsync: true }`, Redis 7.2), or both. Until it has, no later call of its run starts. It costs a round trip between
   * the servers, or a sync of the disk, for each batch of writes; see docs/guarantees.md. Default: in the server's memory.
   */
  readonly durability?: Durability;
  /** How much a run may hold. */
  readonly limits?: Partial<Limits>;
}

export const COMMON_KEYS: readonly string[] = [
  "connection",
  "namespace",
  "shards",
  "errors",
  "codec",
  "durability",
  "limits",
];

/** @throws TypeError that names the option which is wrong. */
export function checkCommonOptions(where: string, options: CommonOptions): void {
  const { connection, errors = {}, limits = {}, codec, durability } = options;
  if (connection === undefined || connection === null) {
    throw new TypeError(
      `${where}: connection is missing; give a URL, ioredis options, or a Redis or Cluster of ioredis`,
    );
  }
  for (const [name, value] of Object.entries(errors)) {
    if (typeof value === "function" && value.prototype instanceof Error) continue;
    throw new TypeError(`${where}: errors.${name} must be a class that extends Error`);
  }
  if (codec !== undefined && !isCodec(codec)) {
    throw new TypeError(`${where}: codec must have the functions encode and decode`);
  }
  if (durability !== undefined) checkDurability(where, durability);
  checkOptions(`${where}: limits`, limits, Object.keys(defaultLimits));
  for (const [name, value] of Object.entries(limits)) {
    checkWhole(`${where}: limits.${name}`, value, 1, Number.MAX_SAFE_INTEGER);
  }
}

function isCodec(codec: unknown): boolean {
  if (typeof codec !== "object" || codec === null) return false;
  return ["encode", "decode"].every((name) => typeof Reflect.get(codec, name) === "function");
}
