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
  type Limits,
  type LiveRun,
  type NewRun,
  type ReadOptions,
  type RebuildOptions,
  type Reopening,
  type ReopenReply,
  type RunSnapshot,
  systemClock,
} from "@refrain/core";
import { Acknowledgements } from "./acknowledgements.ts";
import { RedisCommitPort } from "./commit-port.ts";
import { optionsOf } from "./connection-facts.ts";
import { createRuns } from "./create-runs.ts";
import { decodeJournal, FENCE } from "./decode-journal.ts";
import { decodeRun } from "./decode-run.ts";
import { checkDurability, checkWaits, type Durability } from "./durability-option.ts";
import { findRun } from "./find-run.ts";
import { isLeftOut, readJournalPages } from "./journal-pages.ts";
import { ackKey, checkNamespace, checkRunId, ShardKeys } from "./keys.ts";
import { KnownLayout } from "./known-layout.ts";
import { newerLayout } from "./layout.ts";
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
import { lead, read, reopen } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";
import { Troubles } from "./troubles.ts";

export interface RedisStoreOptions {
  /** The connection everything goes over. A worker's is best one of its own: see `connectRedis`. */
  readonly redis: RedisClient;
  /** Default "refrain". */
  readonly namespace?: string;
  /** What the namespace must be laid out in. Default: as it is, in 1 where nobody has laid it out. */
  readonly shards?: number | undefined;
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
  /** Where this namespace's runs are. */
  readonly layout: KnownLayout;
  readonly #redis: RedisClient;
  readonly #limits: Limits;
  readonly #openShard: (shard: number) => Shard;
  readonly #shards = new Map<number, Shard>();
  readonly #durability: Durability | undefined;
  readonly #acknowledgements: Acknowledgements | undefined;

  /**
   * @throws TypeError on a bad namespace, number of shards or durability, on a connection with a `keyPrefix`, and on a cluster's
   * when durability is asked for.
   */
  constructor(options: RedisStoreOptions) {
    const { redis, namespace = "refrain", shards, clock = systemClock } = options;
    const { wrapPort = (port) => port, limits, durability, onTrouble = () => {} } = options;
    checkNamespace(namespace);
    this.layout = new KnownLayout({ redis, namespace, shards });
    if (durability !== undefined) checkDurability("RedisStore", durability);
    if (redis.options.keyPrefix || optionsOf(redis).keyPrefix) {
      throw new TypeError(
        "a connection with a keyPrefix cannot be used: name a `namespace` instead",
      );
    }
    this.#redis = redis;
    this.#limits = { ...defaultLimits, ...limits };
    this.#durability = durability;
    const troubles = new Troubles(clock, onTrouble);
    const key = ackKey(namespace);
    const acknowledgements =
      durability && new Acknowledgements({ redis: redis, key, durability, clock, troubles });
    this.#acknowledgements = acknowledgements;
    this.#openShard = (shard) => {
      const keys = new ShardKeys(namespace, shard);
      const parts = { redis, keys, clock, troubles, acknowledgements };
      const port = wrapPort(new RedisCommitPort(parts), shard);
      return { keys, queue: new CommitQueue(port, { clock }) };
    };
    for (const shard of this.layout.shards) this.#shard(shard);
  }

  /**
   * Learns the namespace's layout, or writes it down. Await it before the first run is created or claimed.
   *
   * @throws StoreError when the namespace is laid out otherwise, and when the server cannot give the `durability` asked for.
   */
  async ready(): Promise<void> {
    if (this.#durability !== undefined) await checkWaits(this.#redis, this.#durability);
    await this.layout.ready();
  }

  /** @throws TypeError on a bad run id or queue, LimitExceededError on too large an input, StoreError from Redis. */
  async create(run: NewRun): Promise<CreateReply> {
    const [created] = await this.createMany([run]);
    if (created?.status !== "fulfilled") throw created?.reason;
    return created.value;
  }

  /** Never rejects: each run has what `create` would resolve to or reject with. */
  createMany(runs: readonly NewRun[]): Promise<readonly PromiseSettledResult<CreateReply>[]> {
    // Nothing may be awaited before this: whatever is sent next on this connection arrives after it.
    return createRuns(runs, {
      layout: this.layout,
      limits: this.#limits,
      keysOf: (shard) => this.#shard(shard).keys,
      write: (call) => this.#write(call),
    });
  }

  /** @throws TypeError on a bad run id, StoreError when what the run holds cannot be used. */
  async claim(delivery: Delivery): Promise<ClaimReply> {
    const { runId, shard } = delivery;
    checkRunId(runId);
    if (shard === undefined) {
      const found = await findRun(runId, this.layout, async (each) => {
        const reply = await this.#claimIn(each, delivery);
        return reply.kind === "missing" ? undefined : reply;
      });
      return found ?? { kind: "missing" };
    }
    const reply = await this.#claimIn(shard, delivery);
    // Its client added the job before it knew that the run belongs to a newer shard.
    const hasMoved = reply.kind === "missing" && (await this.#isElsewhere(runId, shard));
    return hasMoved ? { kind: "stale" } : reply;
  }

  async #isElsewhere(runId: string, shard: number): Promise<boolean> {
    for (const other of this.layout.shardsOf(runId)) {
      if (other === shard) continue;
      if ((await this.read(runId, { calls: false, shard: other })) !== undefined) return true;
    }
    return false;
  }

  async #claimIn(shard: number, delivery: Delivery): Promise<ClaimReply> {
    const { runId, nonce } = delivery;
    const { keys, queue } = this.#shard(shard);
    const reply = await queue.claim(delivery);
    if (reply.kind !== "claimed" || !isLeftOut(reply.run)) return reply;
    const { calls } = keys.of(runId);
    try {
      const journal = await readJournalPages(this.#redis, calls);
      // Had another attempt taken the run over meanwhile, this could be half of its journal.
      const fence = await this.#redis.hget(calls, FENCE);
      const isOwner = fence?.startsWith(`${nonce} `) === true;
      return isOwner ? { ...reply, run: { ...reply.run, ...journal } } : { kind: "stale" };
    } catch (error) {
      throw StoreError.from(`run ${runId}: its journal cannot be read`, error);
    }
  }

  /** @throws TypeError on a bad run id, StoreError from Redis. */
  async reopen({ runId, requestId, v, call, reopened }: Reopening): Promise<ReopenReply> {
    checkRunId(runId);
    const slot = call === undefined ? "" : String(call.slot);
    const bytes = call === undefined ? NO_BYTES : encodeCall(call);
    const args = { runId, requestId, v, slot, call: bytes, reopened: encodeReopened(reopened) };
    try {
      const found = await findRun(runId, this.layout, async (shard) => {
        const { keys } = this.#shard(shard);
        const reopening = scriptCall(reopen, { ...keys.of(runId), live: keys.live }, args);
        const reply = await this.#write(reopening);
        if (reply === undefined) throw new StoreError(NOT_SAFE_IN_TIME, { isTransient: true });
        const { tag: kind } = decodeOutcome(reopen, reply);
        return kind === "missing" ? undefined : { kind };
      });
      return found ?? { kind: "missing" };
    } catch (error) {
      throw StoreError.from(`run ${runId}: it may not have been reopened`, error);
    }
  }

  /** @throws TypeError on a bad run id, StoreError when what the run holds cannot be read. */
  async read(
    runId: string,
    { calls = true, shard }: ReadOptions = {},
  ): Promise<RunSnapshot | undefined> {
    checkRunId(runId);
    try {
      if (shard !== undefined) return await this.#readIn(shard, runId, calls);
      return await findRun(runId, this.layout, (each) => this.#readIn(each, runId, calls));
    } catch (error) {
      throw StoreError.from(`run ${runId} cannot be read`, error, this.#redis);
    }
  }

  async #readIn(shard: number, runId: string, isWhole: boolean): Promise<RunSnapshot | undefined> {
    const keys = this.#shard(shard).keys.of(runId);
    const stored = await runScript(this.#redis, read, keys, {
      withCalls: isWhole ? "yes" : "no",
    });
    if (stored.tag === "missing") return undefined;
    if (stored.tag === "newer") throw newerLayout(stored.layout);
    const { journal } = stored;
    const { calls, unreadable } = Buffer.isBuffer(journal)
      ? await readJournalPages(this.#redis, keys.calls)
      : decodeJournal(journal);
    if (unreadable !== undefined) throw unreadable;
    return { ...decodeRun(runId, stored), shard, calls };
  }

  async prune(before: number): Promise<number> {
    await this.layout.refresh();
    let count = 0;
    for (const shard of this.layout.shards) {
      count += await pruneShard(this.#redis, this.#shard(shard).keys, before);
    }
    return count;
  }

  async rebuild(options: RebuildOptions = {}): Promise<readonly LiveRun[]> {
    const { offset = 0, limit = 1000, shard } = options;
    if (shard === undefined) await this.layout.refresh();
    const asked = shard === undefined ? this.layout.shards : [shard];
    const keys = asked.map((each) => this.#shard(each).keys);
    return listLive(this.#redis, keys, offset, limit);
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
    if (!this.layout.shards.includes(shard)) throw new TypeError(`there is no shard ${shard}`);
    const { keys } = this.#shard(shard);
    const reply = await runScript(this.#redis, lead, { leader: keys.rescuer }, { owner, forMs });
    return reply.tag === "leads";
  }

  /** Writes what is queued, however long Redis is away; ending the connection gives up. That is left to whoever opened it. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#shards.values(), ({ queue }) => queue.close()));
  }

  /** On its way when this returns; undefined when it may be done and is not known to be safe by now. */
  #write<Keys, Args, Outcome extends { readonly tag: string }>(
    call: ScriptCall<Keys, Args, Outcome>,
  ): Promise<Reply | undefined> {
    return this.#acknowledgements?.sendInTime(call) ?? call.send(this.#redis);
  }

  #shard(shard: number): Shard {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    const opened = this.#openShard(shard);
    this.#shards.set(shard, opened);
    return opened;
  }
}

const NO_BYTES = new Uint8Array(0);
const NOT_SAFE_IN_TIME = "Redis did not say in time that it is as safe as `durability` asks";
