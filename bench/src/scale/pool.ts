import { Queue } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { type Client, createClient } from "refrain";
import { prefixOf } from "../bull.ts";
import { Child } from "../child.ts";
import { connectionOf, nodesOf } from "../connection.ts";
import type { Work } from "../contenders.ts";
import { bench } from "../refrain.ts";
import { removeKeys } from "../remove-keys.ts";
import { serverCpuUs } from "../server-cpu.ts";
import type { Place } from "../system.ts";
import { arrivingRunId, type RunTimes, type Tally } from "./member.ts";

/** What all members of a pool did meanwhile, and what the server did for them. */
export interface PoolFigures {
  readonly runs: readonly RunTimes[];
  readonly perMember: readonly number[];
  readonly workerCpuUs: number;
  readonly serverCpuUs: number;
  /** Of the largest member, bytes. */
  readonly rss: number;
}

const CHUNK = 10_000;

/** Worker processes over one namespace, and the client that gives them runs. */
export class Pool {
  readonly #place: Place;
  readonly #redis: Redis | Cluster;
  readonly #nodes: readonly Redis[];
  readonly #client: Client;
  readonly #queues: readonly Queue[];
  readonly #members: readonly Child[];
  #serverCpuUs = 0;
  #enqueued = 0;

  private constructor(place: Place, size: number) {
    this.#place = place;
    const { namespace, shards = 1 } = place;
    this.#redis = connectionOf(place);
    this.#nodes = nodesOf(place);
    this.#client = createClient({ connection: connectionOf(place), namespace, shards });
    this.#queues = Array.from({ length: shards }, (_, shard) => {
      return new Queue("default", {
        connection: this.#redis,
        prefix: prefixOf(place, shard),
        skipMetasUpdate: true,
      });
    });
    this.#members = Array.from({ length: size }, () => new Child());
  }

  static async start(place: Place, size: number): Promise<Pool> {
    const pool = new Pool(place, size);
    await Promise.all(pool.#members.map((member) => member.ask({ task: "join", place })));
    await pool.figures();
    return pool;
  }

  async enqueue(count: number, work: Work): Promise<void> {
    for (let left = count; left > 0; left -= CHUNK) {
      const items = Array.from({ length: Math.min(CHUNK, left) }, () => {
        this.#enqueued += 1;
        const runId = arrivingRunId(this.#enqueued);
        return { input: { id: runId, ...work }, runId };
      });
      await this.#client.enqueueMany(bench, items);
    }
  }

  /** Nothing is handed out until `resume`. */
  async pause(): Promise<void> {
    for (const queue of this.#queues) await queue.pause();
  }

  async resume(): Promise<void> {
    for (const queue of this.#queues) await queue.resume();
  }

  /** What happened since this was asked before. */
  async figures(): Promise<PoolFigures> {
    const tallies: Tally[] = await Promise.all(
      this.#members.map((member) => member.ask({ task: "tally" })),
    );
    const taken = (await Promise.all(this.#nodes.map(serverCpuUs))).reduce((a, b) => a + b, 0);
    const before = this.#serverCpuUs;
    this.#serverCpuUs = taken;
    return {
      runs: tallies.flatMap((tally) => tally.runs),
      perMember: tallies.map((tally) => tally.runs.length),
      workerCpuUs: tallies.reduce((sum, tally) => sum + tally.cpuUs, 0),
      serverCpuUs: taken - before,
      rss: Math.max(...tallies.map((tally) => tally.rss)),
    };
  }

  /** Runs that are not settled. */
  async live(): Promise<number> {
    const counts = this.#queues.map((_, shard) =>
      this.#redis.zcard(`${prefixOf(this.#place, shard)}:live`),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async usedMemory(): Promise<number> {
    const infos = await Promise.all(this.#nodes.map((node) => node.info("memory")));
    return infos.reduce((sum, info) => sum + Number(/^used_memory:(\d+)/m.exec(info)?.[1]), 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.ask({ task: "leave" })));
    await Promise.all(this.#members.map((member) => member.close()));
    for (const queue of this.#queues) await queue.close();
    await this.#client.close();
    const { seeds, namespace } = this.#place;
    for (const node of this.#nodes) {
      // A cluster is the bench's own, and ends with it.
      if (seeds === undefined) await removeKeys(node, `{${namespace}:*`);
      node.disconnect();
    }
    this.#redis.disconnect();
  }
}
