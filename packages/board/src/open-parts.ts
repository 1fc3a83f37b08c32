import {
  checkQueueName,
  connectRedis,
  endConnection,
  type RedisClient,
  RedisStore,
  ShardKeys,
  waitUntilReady,
} from "@refrain/redis-store";
import { Queue } from "bullmq";
import type { BoardOptions, ConnectedBoardOptions } from "./board-options.ts";
import type { RunReader } from "./run-queue-adapter.ts";

/** What a board shows, and how to let go of it. */
export interface Parts {
  readonly store: RunReader;
  readonly queues: readonly ShownQueue[];
  ready(): Promise<void>;
  close(): Promise<void>;
}

interface ShownQueue {
  readonly queue: Queue;
  /** Tells queues of one name apart. */
  readonly prefix: string;
}

export function openParts(options: BoardOptions): Parts {
  if (!("store" in options)) return connectParts(options);
  const { store, queues } = options;
  return {
    store,
    queues: queues.map((queue) => ({ queue, prefix: "" })),
    ready: nothing,
    close: nothing,
  };
}

async function nothing(): Promise<void> {}

function connectParts(options: ConnectedBoardOptions): Parts {
  const { namespace = "refrain", shards = 1, queues: names } = options;
  for (const name of names) checkQueueName(name);
  const { redis, owned } = connectRedis(options.connection, "queue");
  const store = new RedisStore({ redis, namespace, shards });
  const queues = Array.from({ length: shards }, (_, shard) => shard).flatMap((shard) => {
    const { prefix } = new ShardKeys(namespace, shard);
    return names.map((name) => ({
      queue: openQueue(name, prefix, redis),
      prefix: shards === 1 ? "" : `shard-${shard}.`,
    }));
  });
  return {
    store,
    queues,
    ready: async () => {
      await waitUntilReady(redis);
      // A store's own check would write the layout down, and that is not a board's to decide.
      await store.layout.readyToRead();
    },
    close: async () => {
      await Promise.allSettled(queues.map(({ queue }) => queue.close()));
      if (owned) endConnection(redis);
    },
  };
}

/** Reads a queue without writing to it: not even its settings, which are its workers' to choose. */
function openQueue(name: string, prefix: string, redis: RedisClient): Queue {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true });
  // Losses heal by themselves; requests that meet one are answered with an error.
  queue.on("error", () => {});
  return queue;
}
