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
  /** The queues to show, as far as the layout is known. */
  queues(): readonly ShownQueue[];
  ready(): Promise<void>;
  /** Looks whether there are other shards by now. */
  lookAgain(): Promise<void>;
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
    queues: () => queues.map((queue) => ({ queue, prefix: "" })),
    ready: nothing,
    lookAgain: nothing,
    close: nothing,
  };
}

async function nothing(): Promise<void> {}

function connectParts(options: ConnectedBoardOptions): Parts {
  const { namespace = "refrain", shards, queues: names } = options;
  for (const name of names) checkQueueName(name);
  const { redis, owned } = connectRedis(options.connection, "queue");
  const store = new RedisStore({ redis, namespace, shards });
  const { layout } = store;
  const opened = new Map<number, readonly Queue[]>();
  const open = (shard: number): readonly Queue[] => {
    const { prefix } = new ShardKeys(namespace, shard);
    const queues = opened.get(shard) ?? names.map((name) => openQueue(name, prefix, redis));
    opened.set(shard, queues);
    return queues;
  };
  return {
    store,
    queues: () =>
      layout.shards.flatMap((shard) => {
        const prefix = layout.shards.length === 1 ? "" : `shard-${shard}.`;
        return open(shard).map((queue) => ({ queue, prefix }));
      }),
    ready: async () => {
      await waitUntilReady(redis);
      // A store's own check would write the layout down, and that is not a board's to decide.
      await layout.readyToRead();
    },
    lookAgain: () => layout.refresh(),
    close: async () => {
      await Promise.allSettled([...opened.values()].flat().map((queue) => queue.close()));
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
