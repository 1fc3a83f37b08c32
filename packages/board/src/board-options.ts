import type { Codec } from "@refrain/core";
import type { Connection } from "@refrain/redis-store";
import type { Queue } from "bullmq";
import type { BoardAuth } from "./access.ts";
import type { Redact } from "./redact.ts";
import type { RunReader } from "./run-queue-adapter.ts";

interface CommonOptions {
  /** As of the workers and clients. Default "refrain". */
  readonly namespace?: string;
  /** Default true: every change is refused by the server with 405. */
  readonly readOnly?: boolean;
  /** Without it the board answers only requests made on its own machine. */
  readonly auth?: BoardAuth;
  /** Where the app is mounted, such as "/ops/runs". Default "/". */
  readonly basePath?: string;
  /** What must not be shown. Default: `redactSecrets`. */
  readonly redact?: Redact;
  /** The codec of the workers and clients. Default: msgpack. */
  readonly codec?: Codec;
}

/** A board that opens what it needs of a Redis, and closes it. */
export interface ConnectedBoardOptions extends CommonOptions {
  /** A URL, ioredis options, or an instance of ioredis's `Redis` or `Cluster`, which is left open. */
  readonly connection: Connection;
  /** The names of the queues to show. */
  readonly queues: readonly string[];
  /** What the namespace must be laid out in. Default: as it is. */
  readonly shards?: number;
}

/** A board over parts that are open already; they stay open. */
export interface AssembledBoardOptions extends CommonOptions {
  readonly store: RunReader;
  readonly queues: readonly Queue[];
}

export type BoardOptions = ConnectedBoardOptions | AssembledBoardOptions;
