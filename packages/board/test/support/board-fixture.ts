import { jobOptionsOf } from "@refrain/client";
import { MemoryStore } from "@refrain/core";
import { startRedis } from "@refrain/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { type StoredRun, storeRun } from "./stored-run.ts";

/** A real queue on a Redis of its own, beside a journal in memory. */
export class BoardFixture implements AsyncDisposable {
  readonly store = new MemoryStore();
  readonly queue: Queue;
  readonly #end: () => Promise<void>;

  private constructor(queue: Queue, end: () => Promise<void>) {
    this.queue = queue;
    this.#end = end;
  }

  static async start(): Promise<BoardFixture> {
    const server = await startRedis();
    const connection = new Redis(server.url, { maxRetriesPerRequest: null });
    const queue = new Queue("default", { connection, prefix: "{refrain:0}" });
    return new BoardFixture(queue, async () => {
      await queue.close();
      connection.disconnect();
      await server.stop();
    });
  }

  /** Stores a run and adds its job. */
  async add(run: StoredRun): Promise<string> {
    await storeRun(this.store, run);
    return this.addJob(run.runId, { incarnation: 0 });
  }

  /** Adds a job whose data names the run, whether or not there is one. */
  async addJob(runId: string, data: object): Promise<string> {
    const whole = { runId, action: "place-order", version: "", preview: "{}", ...data };
    const job = await this.queue.add("place-order", whole, jobOptionsOf(runId, {}));
    return job.id ?? "";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}
