import { checkNamespace, checkShards, ShardKeys, shardOf } from "@refrain/redis-store";

/** The BullMQ prefixes of a namespace's shards: journals and queues of a shard live in one hash slot. */
export class ShardPrefixes {
  readonly all: readonly string[];

  /** @throws TypeError on a bad namespace or number of shards. */
  constructor(namespace: string, shards: number) {
    checkNamespace(namespace);
    checkShards(shards);
    this.all = Array.from({ length: shards }, (_, shard) => new ShardKeys(namespace, shard).prefix);
  }

  readonly of = (runId: string): string => this.all[shardOf(runId, this.all.length)] ?? "";
}
