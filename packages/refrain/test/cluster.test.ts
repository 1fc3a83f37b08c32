import { inspect } from "node:util";
import {
  connectRedis,
  endConnection,
  growShards,
  RedisSettledHints,
  ShardKeys,
  shardOf,
  waitUntilReady,
} from "@refrain/redis-store";
import { eventually, RedisCluster, startRedis } from "@refrain/testkit";
import { Cluster, Redis } from "ioredis";
import { pino } from "pino";
import {
  type Client,
  createClient,
  createWorker,
  defineAction,
  durable,
  type Worker,
  type WorkerOptions,
} from "refrain";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openConnection } from "../src/cli/connection-options.ts";
import { describeDiagnosis } from "../src/doctor/describe-diagnosis.ts";
import { examine } from "../src/doctor/examine.ts";
import { aclArgs, refusals, urlOf } from "./support/acl.ts";

const SHARDS = 3;
const RUNS = 24;
const USER = { username: "worker", password: "secret" } as const;

let servers: RedisCluster;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  servers = await RedisCluster.start({ replicas: 1, args: aclArgs("worker") });
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

afterAll(async () => servers[Symbol.asyncDispose]());

/** What the nodes refused the user; a wrong password is one of these tests' own. */
async function refused(): Promise<string[]> {
  const all = await Promise.all(servers.servers.map(({ url }) => refusals(url)));
  return all.flat().filter((line) => !line.includes("reason auth"));
}

type Seeds = ConstructorParameters<typeof Cluster>[0];

interface Given {
  readonly keyPrefix?: string;
  readonly redisOptions?: Readonly<Record<string, string>>;
}

/** An application's own cluster, as it hands it over. */
function cluster(options: Given = {}, seeds: Seeds = servers.seeds): Cluster {
  const { redisOptions = USER } = options;
  return new Cluster([...seeds], { lazyConnect: true, ...options, redisOptions });
}

const double = defineAction<number, number>({ name: "double" });
const multiply = durable("multiply", (a: number, b: number) => a * b);
const actions = [double.implement((ctx, n) => ctx.durableExecute(multiply, [n, 2]))];

interface Logged extends Worker {
  readonly said: readonly string[];
}

function worker(options: Partial<WorkerOptions> = {}): Logged {
  const said: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => said.push(line) });
  const made = createWorker({ connection: cluster(), actions, shards: SHARDS, logger, ...options });
  closing.push(() => made.close());
  return Object.assign(made, { said });
}

function client(connection = cluster()): Client {
  const made = createClient({ connection, shards: SHARDS });
  closing.push(() => made.close());
  return made;
}

test("workers and clients take a Cluster, and its user needs no more than the shipped file grants", async () => {
  const items = Array.from({ length: RUNS }, (_, n) => ({ input: n, runId: `run-${n}` }));
  const { said } = worker();
  await worker().ready();
  const asking = client();

  const runs = await asking.enqueueMany(double, items);
  const outputs = await Promise.all(runs.map((run) => run.result()));

  expect(new Set(items.map(({ runId }) => shardOf(runId, SHARDS))).size).toBe(SHARDS);
  expect(outputs).toEqual(items.map(({ input }) => input * 2));
  expect(await asking.rebuild()).toBe(0);
  expect(said).toEqual([]);
  expect(await refused()).toEqual([]);
});

test("hints of settled runs come from whichever node settles them", async () => {
  const { redis } = connectRedis(cluster(), "subscriber");
  const hints = new RedisSettledHints({ redis, shardsOf: (runId) => [shardOf(runId, SHARDS)] });
  closing.push(() => endConnection(redis));
  const items = Array.from({ length: RUNS }, (_, n) => ({ input: n, runId: `heard-${n}` }));
  const heard = new Set<string>();
  for (const { runId } of items) hints.onSettled(runId, () => heard.add(runId));
  const channels = Array.from({ length: SHARDS }, (_, n) => new ShardKeys("refrain", n).settled);
  await eventually(async () => expect(await subscriptions(channels)).toBe(SHARDS));
  await worker().ready();

  await client().enqueueMany(double, items);

  await eventually(() => expect([...heard].toSorted()).toEqual(items.map(byId).toSorted()));
  expect(await refused()).toEqual([]);
});

/** How many subscriptions of these channels there are, over all nodes. */
async function subscriptions(channels: readonly string[]): Promise<number> {
  let sum = 0;
  for (const { url } of servers.servers) {
    const redis = new Redis(url);
    const counts = await redis.pubsub("NUMSUB", ...channels);
    redis.disconnect();
    for (const count of counts) if (typeof count === "number") sum += count;
  }
  return sum;
}

function byId({ runId }: { readonly runId: string }): string {
  return runId;
}

test("a namespace on a cluster grows while its runs go on, over more of the masters", async () => {
  const namespace = "growing";
  const connection = cluster();
  const made = createWorker({ connection, namespace, actions, logger: pino({ level: "silent" }) });
  const asking = createClient({ connection, namespace });
  closing.push(() => Promise.all([made.close(), asking.close()]));
  const itemsOf = (name: string) =>
    Array.from({ length: RUNS }, (_, n) => ({ input: n, runId: `${name}-${n}` }));
  const early = await asking.enqueueMany(double, itemsOf("early"));

  const { redis } = connectRedis(connection, "queue");
  await growShards({ redis, namespace, shards: SHARDS });
  endConnection(redis);
  const late = await asking.enqueueMany(double, [...itemsOf("early"), ...itemsOf("late")]);
  const outputs = await Promise.all([...early, ...late].map((run) => run.result()));

  const expected = itemsOf("").map(({ input }) => input * 2);
  expect(outputs).toEqual([...expected, ...expected, ...expected]);
  expect(late.filter(({ created }) => created)).toHaveLength(RUNS);
});

test("a worker refuses what only knows one node, or knows no cluster, and says what to give instead", async () => {
  await using single = await startRedis({ args: aclArgs("worker") });
  const [node] = servers.servers;
  const toNode = worker({ connection: { port: node?.port ?? 0, ...USER } });
  const toSingle = worker({ connection: cluster({}, [single.url]) });
  const unknown = worker({
    connection: cluster({ redisOptions: { ...USER, password: "hunter2" } }),
  });

  await expect(toNode.ready()).rejects.toThrow(/a node of a cluster.*Give a `Cluster`/);
  await expect(toSingle.ready()).rejects.toThrow(/is no cluster.*Give a URL/);
  const refusal = await unknown.ready().catch((error: unknown) => error);
  expect(String(refusal)).toMatch(
    /cluster of 127\.0\.0\.1:\d+, .* refuses the credentials: WRONGPASS/,
  );
  expect(inspect(refusal, { depth: 9 }) + unknown.said.join("")).not.toContain("hunter2");
});

test("a cluster's keyPrefix and durability are refused, each with what to do instead", () => {
  const prefixed = cluster({ keyPrefix: "app:" });
  const inNodes = cluster({ redisOptions: { keyPrefix: "app:" } });
  const durability = { replicas: 1 } as const;

  for (const connection of [prefixed, inNodes]) {
    expect(() => createClient({ connection })).toThrow(/keyPrefix, "app:".*namespace/);
    expect(() => createWorker({ connection, actions })).toThrow(/keyPrefix, "app:".*namespace/);
  }
  expect(() => createClient({ connection: cluster(), durability })).toThrow(
    /durability cannot be waited for over a cluster: set `min-replicas-to-write`/,
  );
});

test("clients and workers end although no node of their cluster was ever there", async () => {
  const nobody = cluster({}, [{ host: "127.0.0.1", port: 1 }]);
  const made = createWorker({ connection: nobody, actions, logger: pino({ level: "silent" }) });
  const asking = createClient({ connection: nobody });
  const { redis } = connectRedis(nobody, "journal");

  await expect(waitUntilReady(redis, 1000)).rejects.toThrow(
    /cluster of 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
  );
  const asked = [asking.enqueue(double, 1), made.ready(), redis.get("key")];
  const told = asked.map((each) => each.catch((error: Error) => error.message));
  await Promise.all([made.close(), asking.close()]);
  endConnection(redis);

  expect(await Promise.all(told)).toEqual([
    expect.stringContaining("ended"),
    expect.stringContaining("ended"),
    "Connection is closed.",
  ]);
});

test("doctor looks at every master, whichever node it is sent to", async () => {
  const [first, second] = servers.servers;
  const admin = new Redis(second?.url ?? "");
  await admin.config("SET", "maxmemory-policy", "allkeys-lru");

  const redis = await openConnection({ url: urlOf("worker", first?.port ?? 0) });
  const found = await examine(redis, {
    address: "",
    namespace: "refrain",
    queues: [],
    acceptRisks: [],
  });
  endConnection(redis);
  await admin.config("SET", "maxmemory-policy", "noeviction");
  admin.disconnect();

  const masters = servers.servers.slice(0, 3).map(({ port }) => `127.0.0.1:${port}`);
  expect(found.cluster?.masters.map(({ address }) => address).toSorted()).toEqual(
    masters.toSorted(),
  );
  expect(found.problems.map(({ problem }) => problem)).toEqual([
    expect.stringMatching(`maxmemory-policy is allkeys-lru.* \\(127.0.0.1:${second?.port}\\)$`),
  ]);
  expect(describeDiagnosis(found)).toMatch(
    /\ncluster\n {2}127\.0\.0\.1:\d+ +Redis .*, 1 replica, /,
  );
});
