import { eventually, FaultProxy, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";

/** A primary and its replica; clients reach whichever is in charge through one address, the link between the two is a proxy. */
export class Pair implements AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly front: FaultProxy;
  readonly link: FaultProxy;
  readonly admin: Redis;

  private constructor(
    servers: readonly [RedisServer, RedisServer],
    proxies: readonly FaultProxy[],
  ) {
    const [front, link] = proxies;
    if (front === undefined || link === undefined) throw new Error("two proxies are needed");
    [this.primary, this.replica] = servers;
    this.front = front;
    this.link = link;
    this.admin = new Redis(this.replica.url);
  }

  static async start(): Promise<Pair> {
    const servers = await Promise.all([startRedis(), startRedis()]);
    const { port } = servers[0];
    const proxies = await Promise.all([FaultProxy.start({ port }), FaultProxy.start({ port })]);
    const pair = new Pair(servers, proxies);
    const primary = new Redis(servers[0].url);
    await primary.config("SET", "repl-diskless-sync-delay", "0");
    primary.disconnect();
    await pair.admin.replicaof("127.0.0.1", pair.link.port);
    await pair.untilInStep();
    return pair;
  }

  /** Resolves when the replica has all that the primary has now. */
  async untilInStep(): Promise<void> {
    const primary = new Redis(this.primary.url);
    await eventually(async () => {
      if ((await primary.wait(1, 1000)) < 1) throw new Error("the replica does not follow");
    });
    primary.disconnect();
  }

  /** The primary dies, and clients find a replica that nobody has promoted yet; then somebody does. */
  async failOver(): Promise<void> {
    await this.primary.kill();
    this.front.retarget(this.replica.port);
    await eventually(async () => {
      if ((await this.refusals()) === 0) throw new Error("nobody tried to write to the replica");
    });
    await this.admin.replicaof("NO", "ONE");
  }

  /** Writes that the replica refused because it was one. */
  async refusals(): Promise<number> {
    const stats = await this.admin.info("errorstats");
    return Number(/errorstat_READONLY:count=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.disconnect();
    await Promise.all([this.front.close(), this.link.close()]);
    await Promise.all([this.primary.stop(), this.replica.stop()]);
  }
}
