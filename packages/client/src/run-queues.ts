import { createIORedisClient, type IRedisClient, Queue } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { addJobs } from "./add-jobs.ts";
import type { JobData } from "./job.ts";
import { type JobScript, jobConnection, type SendScript } from "./job-connection.ts";
import { jobIdOf } from "./job-id.ts";
import type { PreparedRun } from "./prepare-run.ts";

/** A queue that is connected: what is added to it leaves in the present turn of the event loop. */
export interface OpenQueue {
  /** Never rejects: each run, in turn, has what became of its job. */
  add(runs: readonly PreparedRun[]): Promise<readonly PromiseSettledResult<unknown>[]>;
  /** Rejects where a worker has the job. */
  remove(runId: string): Promise<void>;
}

export interface RunQueuesOptions {
  /** The connection on which the store creates runs: a job sent after its run then arrives after it. */
  readonly redis: Redis | Cluster;
  /** The BullMQ prefix of a shard. */
  readonly prefixOf: (shard: number) => string;
  readonly onError: (error: Error) => void;
  /** How the scripts that add jobs are sent on that connection. Default: as BullMQ does it. */
  readonly senderOf?: (script: JobScript) => SendScript;
}

/** The BullMQ queues that this client adds jobs to, opened when first needed. */
export class RunQueues {
  readonly #options: RunQueuesOptions;
  readonly #connection: IRedisClient;
  readonly #queues = new Map<string, Promise<Queue<JobData>>>();

  constructor(options: RunQueuesOptions) {
    const { redis, senderOf } = options;
    this.#options = options;
    this.#connection =
      senderOf === undefined ? createIORedisClient(redis) : jobConnection(redis, senderOf);
  }

  async open(shard: number, name: string): Promise<OpenQueue> {
    const queue = await this.queueOf(shard, name);
    return {
      add: (runs) => addJobs(queue, this.#connection, runs),
      remove: async (runId) => void (await queue.remove(jobIdOf(runId))),
    };
  }

  /** A shard's queue, where the jobs of its runs go. Waits for the connection the first time. */
  async queueOf(shard: number, name: string): Promise<Queue<JobData>> {
    const prefix = this.#options.prefixOf(shard);
    const key = `${prefix}:${name}`;
    const opening = this.#queues.get(key) ?? this.#connect(prefix, name);
    this.#queues.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      // A queue that failed to connect stays failed; the next caller gets a new one.
      if (this.#queues.get(key) === opening) this.#queues.delete(key);
      throw error;
    }
  }

  async close(): Promise<void> {
    const queues = await Promise.allSettled(this.#queues.values());
    for (const opened of queues) {
      if (opened.status === "fulfilled") await opened.value.close();
    }
  }

  async #connect(prefix: string, name: string): Promise<Queue<JobData>> {
    const queue = new Queue<JobData>(name, {
      connection: this.#connection,
      prefix,
      // Every event of the queue lands in one stream; nobody here reads more than the latest.
      streams: { events: { maxLen: 1000 } },
    });
    queue.on("error", this.#options.onError);
    await queue.waitUntilReady();
    return queue;
  }
}
