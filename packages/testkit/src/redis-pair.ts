import { Redis } from "ioredis";
import { eventually } from "./eventually.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { type RedisServer, startRedis } from "./start-redis.ts";

export interface RedisPairOptions {
  /** The replica has one of its own, for clients that wait for replicas once it is promoted. Default false. */
  readonly isFollowed?: boolean;
}

interface Parts {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly others: readonly RedisServer[];
  readonly front: FaultProxy;
  readonly link: FaultProxy;
}

/**
 * A primary and a replica that lags when it is told to. They end with `await using`, or with this process.
 *
 * @example
 * await using pair = await RedisPair.start();
 * const client = new Redis(pair.front.url);
 * pair.link.blackHole(); // from here on, the replica lacks what is written
 * await pair.failOver();
 */
export class RedisPair implements AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Where clients find whichever of the two is the primary. */
  readonly front: FaultProxy;
  /** Stands between the replica and the primary. */
  readonly link: FaultProxy;
  readonly #others: readonly RedisServer[];
  readonly #toPrimary: Redis;
  readonly #toReplica: Redis;

  private constructor({ primary, replica, others, front, link }: Parts) {
    this.primary = primary;
    this.replica = replica;
    this.front = front;
    this.link = link;
    this.#others = others;
    this.#toPrimary = new Redis(primary.url);
    this.#toReplica = new Redis(replica.url);
    // Each of them may be killed: who asks it hears so.
    for (const redis of [this.#toPrimary, this.#toReplica]) redis.on("error", () => {});
  }

  /** Resolves when the replica follows. */
  static async start({ isFollowed = false }: RedisPairOptions = {}): Promise<RedisPair> {
    const args = ["--repl-diskless-sync-delay", "0"];
    const follow = ({ port }: { readonly port: number }): Promise<RedisServer> =>
      startRedis({ args: [...args, "--replicaof", "127.0.0.1", String(port)] });
    const primary = await startRedis({ args });
    const front = await FaultProxy.start({ port: primary.port });
    const link = await FaultProxy.start({ port: primary.port });
    const replica = await follow(link);
    const others = isFollowed ? [await follow(replica)] : [];
    const pair = new RedisPair({ primary, replica, others, front, link });
    await pair.untilInStep();
    return pair;
  }

  /** Resolves when the replica has all that the primary has now. */
  async untilInStep(): Promise<void> {
    await this.#toPrimary.incr("refrain-pair");
    await eventually(async () => {
      if ((await this.#toPrimary.wait(1, 100)) < 1) throw new Error("the replica does not follow");
    });
  }

  /** How often the primary was asked for something; `command` in lower case. */
  async callsOf(command: string): Promise<number> {
    const stats = await this.#toPrimary.info("commandstats");
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  /** Resolves when the primary was asked so many times more to wait for its replica; of a single waiter, all but the last in vain. */
  async untilWaits(times: number): Promise<void> {
    const target = (await this.callsOf("wait")) + times;
    await eventually(async () => {
      if ((await this.callsOf("wait")) < target) throw new Error("nobody waits for the replica");
    });
  }

  /** The primary dies, and clients find a replica that nobody has promoted yet; once one tried to write there, somebody does. */
  async failOver(): Promise<void> {
    await this.primary.kill();
    this.front.retarget(this.replica.port);
    await eventually(async () => {
      if ((await this.refusals()) === 0) throw new Error("nobody tried to write to the replica");
    });
    await this.#toReplica.replicaof("NO", "ONE");
  }

  /** Writes that the replica refused because it was one. */
  async refusals(): Promise<number> {
    const stats = await this.#toReplica.info("errorstats");
    return Number(/errorstat_READONLY:count=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const redis of [this.#toPrimary, this.#toReplica]) redis.disconnect();
    await Promise.all([this.front.close(), this.link.close()]);
    const servers = [...this.#others, this.replica, this.primary];
    await Promise.all(servers.map((server) => server.stop()));
  }
}
