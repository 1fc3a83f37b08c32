import {
  type ActionStateStore,
  type ClaimReply,
  type Clock,
  type CommitPort,
  CommitQueue,
  type CreateReply,
  type Delivery,
  defaultLimits,
  encodeCall,
  encodeReopened,
  LimitExceededError,
  type Limits,
  type LiveRun,
  type NewRun,
  type RebuildOptions,
  type Reopening,
  type ReopenReply,
  type RunSnapshot,
  systemClock,
} from "@refrain/core";
import { Acknowledgements } from "./acknowledgements.ts";
import { RedisCommitPort } from "./commit-port.ts";
import { claimedJournal, decodeJournal } from "./decode-journal.ts";
import { decodeRun } from "./decode-run.ts";
import { checkDurability, checkWaits, type Durability } from "./durability-option.ts";
import { isLeftOut, readJournalPages } from "./journal-pages.ts";
import { ackKey, checkNamespace, checkQueueName, checkRunId, ShardKeys } from "./keys.ts";
import { checkLayout, newerLayout } from "./layout.ts";
import { listLive } from "./list-live.ts";
import { pruneShard } from "./prune-shard.ts";
import {
  decodeOutcome,
  type RedisClient,
  type Reply,
  runScript,
  type ScriptCall,
  scriptCall,
} from "./script.ts";
import { create, lead, read, reopen } from "./scripts.generated.ts";
import { checkShards, shardOf } from "./shard-of.ts";
import { StoreError } from "./store-error.ts";
import { Troubles } from "./troubles.ts";

export interface RedisStoreOptions {
  /** The connection everything goes over. A worker's is best one of its own: see `connectRedis`. */
  readonly redis: RedisClient;
  /** Default "refrain". */
  readonly namespace?: string;
  /** Default 1. Fixed once the namespace is in use. */
  readonly shards?: number;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** Where writes must have arrived to count. Default: in the memory of the server that took them. Not for clusters. */
  readonly durability?: Durability | undefined;
  /** Hears what keeps writes waiting: when it begins, and every 30 s while it lasts. */
  readonly onTrouble?: (message: string) => void;
  /** Wraps the way batches take to the journal; for tests of lost, late and repeated batches. */
  readonly wrapPort?: (port: CommitPort, shard: number) => CommitPort;
}

interface Shard {
  readonly keys: ShardKeys;
  readonly queue: CommitQueue;
}

/** The journal in Redis. */
export class RedisStore implements ActionStateStore {
  readonly #redis: RedisClient;
  readonly #namespace: string;
  readonly #limits: Limits;
  readonly #shards: readonly Shard[];
  readonly #durability: Durability | undefined;
  readonly #acknowledgements: Acknowledgements | undefined;

  /**
   * @throws TypeError on a bad namespace, number of shards or durability, on a connection with a `keyPrefix`, and on a cluster's
   * when durability is asked for.
   */
  constructor(options: RedisStoreOptions) {
    const { redis, namespace = "refrain", shards = 1, clock = systemClock } = options;
    const { wrapPort = (port) => port, limits, durability, onTrouble = () => {} } = options;
    checkNamespace(namespace);
    checkShards(shards);
    if (durability !== undefined) checkDurability("RedisStore", durability);
    if (redis.options.keyPrefix) {
      throw new TypeError(
        "a connection with a keyPrefix cannot be used: name a `namespace` instead",
      );
    }
    this.#redis = redis;
    this.#namespace = namespace;
    this.#limits = { ...defaultLimits, ...limits };
    this.#durability = durability;
    const troubles = new Troubles(clock, onTrouble);
    const key = ackKey(namespace);
    const acknowledgements =
      durability && new Acknowledgements({ redis: redis, key, durability, clock, troubles });
    this.#acknowledgements = acknowledgements;
    this.#shards = Array.from({ length: shards }, (_, shard) => {
      const keys = new ShardKeys(namespace, shard);
      const parts = { redis, keys, clock, troubles, acknowledgements };
      const port = wrapPort(new RedisCommitPort(parts), shard);
      return { keys, queue: new CommitQueue(port, { clock }) };
    });
  }

  /**
   * Writes down the namespace's layout, or checks it. Await it before the first run is created or claimed.
   *
   * @throws StoreError when the namespace is laid out otherwise, and when the server cannot give the `durability` asked for.
   */
  async ready(): Promise<void> {
    if (this.#durability !== undefined) await checkWaits(this.#redis, this.#durability);
    await checkLayout(this.#redis, this.#namespace, this.#shards.length);
  }

  /** @throws TypeError on a bad run id or queue, LimitExceededError on too large an input, StoreError from Redis. */
  async create(run: NewRun): Promise<CreateReply> {
    const { runId, action, version, queue, input, inputDigest, requestId } = run;
    const [delay, priority] = [textOf(run.delayMs), textOf(run.priority)];
    checkRunId(runId);
    checkQueueName(queue);
    if (input.byteLength > this.#limits.maxValueBytes) {
      throw new LimitExceededError(
        `run ${runId}: its input takes ${input.byteLength} bytes, more than ${this.#limits.maxValueBytes} (limits.maxValueBytes)`,
      );
    }
    const { keys } = this.#shardOf(runId);
    const call = scriptCall(
      create,
      { ...keys.of(runId), live: keys.live },
      { runId, action, version, queue, input, inputDigest, requestId, delay, priority },
    );
    // Nothing may be awaited before this: whatever is sent next on this connection arrives after it.
    const created = this.#write(call);
    try {
      const reply = await created;
      if (reply === undefined) return { kind: "unacknowledged" };
      const { tag: kind, ...rest } = decodeOutcome(create, reply);
      return { kind, ...rest } as CreateReply;
    } catch (error) {
      throw StoreError.from(`run ${runId}: it may not have been created`, error);
    }
  }

  /** @throws TypeError on a bad run id, StoreError when what the run holds cannot be used. */
  async claim(delivery: Delivery): Promise<ClaimReply> {
    const { runId, nonce } = delivery;
    checkRunId(runId);
    const { keys, queue } = this.#shardOf(runId);
    const reply = await queue.claim(delivery);
    if (reply.kind !== "claimed" || !isLeftOut(reply.run)) return reply;
    const { run: key, calls } = keys.of(runId);
    try {
      const journal = claimedJournal(await readJournalPages(this.#redis, calls));
      // Had another attempt taken the run over meanwhile, this could be half of its journal.
      const fence = await this.#redis.hget(key, "fence");
      const isOwner = fence?.startsWith(`${nonce} `) === true;
      return isOwner ? { ...reply, run: { ...reply.run, ...journal } } : { kind: "stale" };
    } catch (error) {
      throw StoreError.from(`run ${runId}: its journal cannot be read`, error);
    }
  }

  /** @throws TypeError on a bad run id, StoreError from Redis. */
  async reopen({ runId, requestId, v, call, reopened }: Reopening): Promise<ReopenReply> {
    checkRunId(runId);
    const { keys } = this.#shardOf(runId);
    try {
      const slot = call === undefined ? "" : String(call.slot);
      const bytes = call === undefined ? NO_BYTES : encodeCall(call);
      const args = { runId, requestId, v, slot, call: bytes, reopened: encodeReopened(reopened) };
      const reopening = scriptCall(reopen, { ...keys.of(runId), live: keys.live }, args);
      const reply = await this.#write(reopening);
      if (reply === undefined) throw new StoreError(NOT_SAFE_IN_TIME, { isTransient: true });
      const { tag: kind } = decodeOutcome(reopen, reply);
      return { kind };
    } catch (error) {
      throw StoreError.from(`run ${runId}: it may not have been reopened`, error);
    }
  }

  /** @throws TypeError on a bad run id, StoreError when what the run holds cannot be read. */
  async read(
    runId: string,
    { calls = true }: { readonly calls?: boolean } = {},
  ): Promise<RunSnapshot | undefined> {
    checkRunId(runId);
    const keys = this.#shardOf(runId).keys.of(runId);
    try {
      const withCalls = calls ? "yes" : "no";
      const stored = await runScript(this.#redis, read, keys, { withCalls });
      if (stored.tag === "missing") return undefined;
      if (stored.tag === "newer") throw newerLayout(stored.layout);
      const flat = Buffer.isBuffer(stored.journal)
        ? await readJournalPages(this.#redis, keys.calls)
        : stored.journal;
      return { ...decodeRun(runId, stored), calls: decodeJournal(flat).calls };
    } catch (error) {
      throw StoreError.from(`run ${runId} cannot be read`, error, this.#redis);
    }
  }

  async prune(before: number): Promise<number> {
    let count = 0;
    for (const { keys } of this.#shards) count += await pruneShard(this.#redis, keys, before);
    return count;
  }

  rebuild(options: RebuildOptions = {}): Promise<readonly LiveRun[]> {
    const { offset = 0, limit = 1000, shard } = options;
    const keys = this.#shards.map((each) => each.keys);
    const asked = shard === undefined ? keys : keys.slice(shard, shard + 1);
    return listLive(this.#redis, asked, offset, limit);
  }

  /**
   * Asks for the lease of a shard's rescuer, or to keep it. What its holder does is safe without it: the lease only keeps
   * workers from all doing the same.
   *
   * @param owner random, one per candidate
   * @param forMs how long the lease lasts from now on, by the server's clock
   * @returns whether the lease is the owner's
   */
  async lead(shard: number, owner: string, forMs: number): Promise<boolean> {
    const keys = this.#shards[shard]?.keys;
    if (keys === undefined) throw new TypeError(`there is no shard ${shard}`);
    const reply = await runScript(this.#redis, lead, { leader: keys.rescuer }, { owner, forMs });
    return reply.tag === "leads";
  }

  /** Writes what is queued, however long Redis is away; ending the connection gives up. That is left to whoever opened it. */
  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ queue }) => queue.close()));
  }

  /** On its way when this returns; undefined when it may be done and is not known to be safe by now. */
  #write<Keys, Args, Outcome extends { readonly tag: string }>(
    call: ScriptCall<Keys, Args, Outcome>,
  ): Promise<Reply | undefined> {
    return this.#acknowledgements?.sendInTime(call) ?? call.send(this.#redis);
  }

  #shardOf(runId: string): Shard {
    const shard = this.#shards[shardOf(runId, this.#shards.length)];
    if (shard === undefined) throw new Error(`run ${runId} is in no shard`);
    return shard;
  }
}

function textOf(number: number | undefined): string {
  return number === undefined ? "" : String(number);
}
const NO_BYTES = new Uint8Array(0);
const NOT_SAFE_IN_TIME = "Redis did not say in time that it is as safe as `durability` asks";
