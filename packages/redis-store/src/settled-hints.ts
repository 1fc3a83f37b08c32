import { checkNamespace, ShardKeys } from "./keys.ts";
import type { RedisClient } from "./script.ts";

/** Wakes whoever waits for a run's outcome. */
export interface SettledHints {
  /**
   * Calls back whenever the run is said to have settled, until the returned function is called. Hints are only that: one can
   * be lost, or come for nothing. Whoever waits looks at the run now and then as well.
   */
  onSettled(runId: string, listener: () => void): () => void;
  /** No hint comes any more. */
  close(): Promise<void>;
}

export interface RedisSettledHintsOptions {
  /** A connection for nothing but subscriptions: see `connectRedis`. */
  readonly redis: RedisClient;
  /** Default "refrain". */
  readonly namespace?: string;
  /** The shards a run may be in. Default: the only one. */
  readonly shardsOf?: (runId: string) => readonly number[];
}

/** Hints over one subscription for each shard that somebody waits for, however many wait. */
export class RedisSettledHints implements SettledHints {
  readonly #redis: RedisClient;
  readonly #channelsOf: (runId: string) => readonly string[];
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #waiting = new Map<string, number>();
  readonly #onMessage = (channel: string, message: string): void => {
    if (!this.#waiting.has(channel)) return;
    for (const runId of runIdsIn(message)) {
      for (const listener of this.#listeners.get(runId) ?? []) listener();
    }
  };

  /** @throws TypeError on a bad namespace. */
  constructor(options: RedisSettledHintsOptions) {
    const { redis, namespace = "refrain", shardsOf = () => [0] } = options;
    checkNamespace(namespace);
    this.#redis = redis;
    this.#channelsOf = (runId) =>
      shardsOf(runId).map((shard) => new ShardKeys(namespace, shard).settled);
    redis.on("message", this.#onMessage);
  }

  onSettled(runId: string, listener: () => void): () => void {
    // In a namespace that grows meanwhile, others: then nobody is woken, and the next look is soon all the same.
    const channels = this.#channelsOf(runId);
    // The same function given twice is two listeners.
    const own = (): void => listener();
    const listeners = this.#listeners.get(runId) ?? new Set();
    this.#listeners.set(runId, listeners.add(own));
    for (const channel of channels) this.#count(channel, 1);
    return () => {
      if (!listeners.delete(own)) return;
      if (listeners.size === 0) this.#listeners.delete(runId);
      for (const channel of channels) this.#count(channel, -1);
    };
  }

  async close(): Promise<void> {
    this.#redis.off("message", this.#onMessage);
    this.#listeners.clear();
    const channels = [...this.#waiting.keys()];
    this.#waiting.clear();
    if (channels.length > 0) await this.#redis.unsubscribe(...channels).catch(() => {});
  }

  /** Subscribes for the first who waits in a shard, and unsubscribes after the last. */
  #count(channel: string, change: 1 | -1): void {
    const waiting = (this.#waiting.get(channel) ?? 0) + change;
    if (waiting > 0) this.#waiting.set(channel, waiting);
    else this.#waiting.delete(channel);
    // Who may not subscribe still polls.
    if (waiting === 1 && change === 1) this.#redis.subscribe(channel).catch(() => {});
    if (waiting === 0) this.#redis.unsubscribe(channel).catch(() => {});
  }
}

/** The runs that a batch settled, as commit.lua says it. Whoever may publish may say anything. */
function runIdsIn(message: string): readonly string[] {
  try {
    const runIds: unknown = JSON.parse(message);
    return Array.isArray(runIds) ? runIds : [];
  } catch {
    return [];
  }
}
