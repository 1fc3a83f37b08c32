import { ShardKeys } from "@refrain/redis-store";
import { keysWithoutTtl } from "@refrain/testkit";
import type { Redis } from "ioredis";
import type { Fleet } from "./fleet.ts";
import type { OutsideWorld } from "./outside-world.ts";

/** What one look at the soak showed. */
export interface Check {
  readonly minute: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly redisMb: number;
  readonly keys: number;
  readonly live: number;
}

const MB = 1024 * 1024;
/** After this long, a run of which nobody spoke is looked up: whoever settled it may have been killed before it said so. */
const SILENCE_MS = 5000;

/** Looks at the fleet, at Redis and at the outside world. */
export class Watch {
  readonly checks: Check[] = [];
  /** Keys without a TTL that belong to no live run, in two looks on end. */
  readonly leaks: Set<string> = new Set();
  readonly #redis: Redis;
  readonly #namespace: string;
  readonly #keys: ShardKeys;
  readonly #startedAt = performance.now();
  #suspects = new Set<string>();

  constructor(redis: Redis, namespace: string) {
    this.#redis = redis;
    this.#namespace = namespace;
    this.#keys = new ShardKeys(namespace, 0);
  }

  async look(fleet: Fleet, world: OutsideWorld): Promise<Check> {
    await this.#lookForLeaks();
    await this.lookUpSilent(world);
    world.judge();
    const { rss, heap } = await fleet.memory();
    const memory = await this.#redis.info("memory");
    const check: Check = {
      minute: (performance.now() - this.#startedAt) / 60_000,
      rssMb: rss / MB,
      heapMb: heap / MB,
      redisMb: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]) / MB,
      keys: await this.#redis.dbsize(),
      live: await this.live(),
    };
    this.checks.push(check);
    return check;
  }

  live(): Promise<number> {
    return this.#redis.zcard(this.#keys.live);
  }

  async lookUpSilent(world: OutsideWorld): Promise<void> {
    for (const runId of world.unsettledFor(SILENCE_MS)) {
      if ((await this.#redis.zscore(this.#keys.live, runId)) !== null) continue;
      const status = await this.#redis.hget(this.#keys.of(runId).run, "status");
      if (status === "SUCCEEDED" || status === "FAILED") world.settled(runId, status);
      else world.settled(runId, "gone");
    }
  }

  async #lookForLeaks(): Promise<void> {
    const found = await keysWithoutTtl(this.#redis, this.#namespace, { queues: ["default"] });
    // A run may settle between the two questions that one look asks.
    for (const key of found) if (this.#suspects.has(key)) this.leaks.add(key);
    this.#suspects = new Set(found);
  }
}
