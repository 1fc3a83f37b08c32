import { Redis } from "ioredis";
import { eventually } from "./eventually.ts";
import { type RedisServer, startRedis } from "./start-redis.ts";

export interface RedisClusterOptions {
  /** They share the slots. Default 3. */
  readonly masters?: number;
  /** Of each master. Default 0. */
  readonly replicas?: 0 | 1;
  /** Further arguments of every server's command line. */
  readonly args?: readonly string[];
}

/** Of a slot that moves. */
export interface MigrateOptions {
  /** Which keys go first, in one piece. Default: any, ten at a time. */
  readonly first?: (keys: readonly string[]) => readonly string[];
  /** Is waited for when some keys have moved, and again when all have. Default: nothing. */
  readonly between?: () => Promise<unknown>;
}

interface Node {
  readonly server: RedisServer;
  readonly redis: Redis;
  readonly id: string;
}

const SLOTS = 16_384;
const AT_ONCE = 10;

/**
 * A real cluster on loopback: masters that share the slots, each with a replica where these are asked for. It ends with `await
 * using`, or with this process.
 *
 * @example
 * await using servers = await RedisCluster.start({ replicas: 1 });
 * const cluster = new Cluster(servers.seeds);
 * await servers.migrateSlot(await servers.slotOf("{refrain:0}"), to);
 */
export class RedisCluster implements AsyncDisposable {
  readonly #nodes: readonly Node[];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  /** Resolves when every node takes the cluster for complete, and replicas follow. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = 0, args = [] } = options;
    const usual = ["--repl-diskless-sync-delay", "0", "--cluster-allow-replica-migration", "no"];
    const nodes = await Promise.all(
      Array.from({ length: masters * (1 + replicas) }, async () => {
        const server = await startRedis({ cluster: "joining", args: [...usual, ...args] });
        const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
        redis.on("error", () => {});
        return { server, redis, id: await redis.cluster("MYID") };
      }),
    );
    const cluster = new RedisCluster(nodes);
    await cluster.#join(masters);
    return cluster;
  }

  /** Masters first; where there are replicas, each at the place of its master. */
  get servers(): readonly RedisServer[] {
    return this.#nodes.map(({ server }) => server);
  }

  /** What a cluster's client begins with. */
  get seeds(): { readonly host: string; readonly port: number }[] {
    return this.servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  /** The slot of a key. */
  slotOf(key: string): Promise<number> {
    return this.#any().redis.cluster("KEYSLOT", key);
  }

  /** The server that has a slot now. */
  async ownerOf(slot: number): Promise<RedisServer> {
    return (await this.#ownerOf(slot)).server;
  }

  /**
   * Moves a slot to another master while it is in use, as a resharding does: a few keys at a time. Resolves when it has it, and
   * the other nodes know.
   */
  async migrateSlot(slot: number, to: RedisServer, options: MigrateOptions = {}): Promise<void> {
    const { first = (keys) => keys.slice(0, AT_ONCE), between = async () => {} } = options;
    const source = await this.#ownerOf(slot);
    const target = this.#nodeOf(to);
    await target.redis.cluster("SETSLOT", slot, "IMPORTING", source.id);
    await source.redis.cluster("SETSLOT", slot, "MIGRATING", target.id);
    await move(source, to, first(await source.redis.cluster("GETKEYSINSLOT", slot, 1000)));
    await between();
    await moveAll(source, to, slot);
    await between();
    await target.redis.cluster("SETSLOT", slot, "NODE", target.id);
    // What a script made meanwhile, without naming it, is still there.
    await eventually(async () => {
      await moveAll(source, to, slot);
      await source.redis.cluster("SETSLOT", slot, "NODE", target.id);
    });
    await eventually(async () => {
      for (const { redis } of this.#running()) {
        const owner = await ownerAt(redis, slot);
        if (owner !== target.id) throw new Error(`slot ${slot} is still seen at ${owner}`);
      }
    });
  }

  /** From here on the replica of a server gets nothing more of it. */
  async detachReplica(of: RedisServer): Promise<void> {
    const { redis } = this.#nodeOf(of);
    await redis.call("ACL", "SETUSER", "default", "-psync", "-sync");
    await redis.client("KILL", "TYPE", "REPLICA");
  }

  /**
   * Ends a master as a crash does, and promotes its replica; resolves when every node knows.
   *
   * @param meanwhile is waited for before the replica is promoted. Default: nothing
   */
  async failOver(
    master: RedisServer,
    meanwhile: () => Promise<unknown> = async () => {},
  ): Promise<RedisServer> {
    const replica = await this.#replicaOf(master);
    await master.kill();
    await meanwhile();
    await replica.redis.cluster("FAILOVER", "TAKEOVER");
    await eventually(async () => {
      for (const { redis } of this.#running()) {
        const lines = String(await redis.cluster("NODES")).split("\n");
        const promoted = lines.find((line) => line.startsWith(replica.id)) ?? "";
        if (!promoted.includes("master")) throw new Error("the replica is not promoted yet");
      }
    });
    return replica.server;
  }

  /** How often servers answered with this error, such as "MOVED". */
  async errors(code: string): Promise<number> {
    let count = 0;
    for (const { redis } of this.#running()) {
      const stats = await redis.info("errorstats");
      count += Number(new RegExp(`errorstat_${code}:count=(\\d+)`).exec(stats)?.[1] ?? 0);
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { redis } of this.#nodes) redis.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #join(masters: number): Promise<void> {
    const [first] = this.#nodes;
    for (const [index, { redis, server }] of this.#nodes.entries()) {
      await redis.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
      if (index < masters) {
        const from = Math.floor((SLOTS * index) / masters);
        const to = Math.floor((SLOTS * (index + 1)) / masters) - 1;
        await redis.cluster("ADDSLOTSRANGE", from, to);
      }
      const bus = String((await redis.config("GET", "cluster-port"))?.[1]);
      await first?.redis.call("CLUSTER", "MEET", "127.0.0.1", String(server.port), bus);
    }
    await this.#untilKnown();
    for (const [index, { redis }] of this.#nodes.entries()) {
      const master = this.#nodes[index % masters];
      if (index >= masters && master !== undefined) await redis.cluster("REPLICATE", master.id);
    }
    await eventually(
      async () => {
        for (const { redis } of this.#nodes) {
          const info = await redis.cluster("INFO");
          if (!info.includes("cluster_state:ok")) throw new Error(`it is not complete:\n${info}`);
          if (!info.includes(`cluster_size:${masters}`)) throw new Error(`too small:\n${info}`);
          const role = await redis.info("replication");
          if (role.includes("master_link_status:down")) throw new Error("a replica lags");
        }
      },
      { timeoutMs: 30_000 },
    );
  }

  async #untilKnown(): Promise<void> {
    await eventually(async () => {
      for (const { redis } of this.#nodes) {
        const info = await redis.cluster("INFO");
        const known = `cluster_known_nodes:${this.#nodes.length}\r`;
        if (!info.includes(known)) throw new Error("the nodes do not know each other yet");
      }
    });
  }

  async #ownerOf(slot: number): Promise<Node> {
    const id = await ownerAt(this.#any().redis, slot);
    const owner = this.#nodes.find((node) => node.id === id);
    if (owner === undefined) throw new Error(`slot ${slot} has no owner`);
    return owner;
  }

  /** As the replica sees it: the others may not have heard of it yet. */
  async #replicaOf({ port }: RedisServer): Promise<Node> {
    for (const node of this.#running()) {
      const info = await node.redis.info("replication");
      if (info.includes("role:slave") && info.includes(`master_port:${port}\r`)) return node;
    }
    throw new Error(`the server at ${port} has no replica`);
  }

  #nodeOf(server: RedisServer): Node {
    const found = this.#nodes.find((node) => node.server === server);
    if (found === undefined) throw new Error(`the server at ${server.port} is not of this cluster`);
    return found;
  }

  #running(): readonly Node[] {
    return this.#nodes.filter(({ redis }) => redis.status === "ready");
  }

  #any(): Node {
    const [any] = this.#running();
    if (any === undefined) throw new Error("no node answers");
    return any;
  }
}

/** The id of the node that has a slot, as one of them sees it. */
async function ownerAt(redis: Redis, slot: number): Promise<string | undefined> {
  const ranges = await redis.cluster("SLOTS");
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  return (range?.[2] as unknown as readonly string[] | undefined)?.[2];
}

async function moveAll({ redis, ...node }: Node, to: RedisServer, slot: number): Promise<void> {
  for (;;) {
    const keys = await redis.cluster("GETKEYSINSLOT", slot, AT_ONCE);
    if (keys.length === 0) return;
    await move({ redis, ...node }, to, keys);
  }
}

async function move({ redis }: Node, to: RedisServer, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await redis.call("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys);
}
