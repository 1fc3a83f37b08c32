import type { RedisOptions } from "ioredis";
import { isCluster, seedsOf } from "./connection-facts.ts";
import { type DurabilityLevel, durabilityOf } from "./durability.ts";
import type { RedisClient } from "./script.ts";
import { productOf, type Server, type ServerInfo } from "./server-info.ts";

/** A danger that an application can accept by name, in its option `acceptRisks`. */
export type Risk = "no-persistence" | "plaintext";

/** Something about a server that is not as it should be. */
export interface Finding {
  /** An `error` keeps a worker from starting; a `warning` is logged. */
  readonly severity: "error" | "warning";
  readonly problem: string;
  /** What to change. */
  readonly fix: string;
}

export interface JudgeOptions {
  /** Where runs matter, a server that forgets them is refused instead of warned of. Default false. */
  readonly isProduction?: boolean;
  readonly acceptRisks?: readonly Risk[];
  /** The server is one of those that a cluster's client knows, and is to be a node of a cluster. Default false. */
  readonly isNode?: boolean;
}

const MIN_MAJOR = 7;

/** What keeps a server from being safe to use. What a managed server keeps to itself counts as right. */
export function judgeServer(info: ServerInfo, options: JudgeOptions = {}): readonly Finding[] {
  return [
    ...unfit(info, options),
    ...evicting(info),
    ...forgetful(info, options),
    ...failing(info),
  ];
}

/** The same of all servers behind a connection: what is wrong with several is one finding, which names them. */
export function judgeServers(
  redis: RedisClient,
  servers: readonly Server[],
  options: JudgeOptions = {},
): readonly Finding[] {
  const isNode = isCluster(redis);
  const found = new Map<string, { readonly finding: Finding; readonly addresses: string[] }>();
  for (const { address, info } of servers) {
    for (const finding of judgeServer(info, { ...options, isNode })) {
      const known = found.get(finding.problem) ?? { finding, addresses: [] };
      found.set(finding.problem, known);
      known.addresses.push(address);
    }
  }
  return Array.from(found.values(), ({ finding, addresses }) => {
    if (!isNode) return finding;
    return { ...finding, problem: `${finding.problem} (${addresses.join(", ")})` };
  });
}

/** `judgeConnection` of all the ways that a client takes. */
export function judgeClient(redis: RedisClient, options: JudgeOptions = {}): readonly Finding[] {
  if (!isCluster(redis)) return judgeConnection(redis.options, options);
  const seeds = seedsOf(redis).map(({ host, isEncrypted }) => (isEncrypted ? undefined : host));
  const nodes = redis.nodes().map((node) => (node.options.tls ? undefined : node.options.host));
  const hosts = new Set([...seeds, ...nodes].flatMap((host) => host ?? []));
  return Array.from(hosts, (host) => judgeConnection({ host }, options))
    .flat()
    .slice(0, 1);
}

/** Whether others can read along, and change what is sent: in production, and to another machine, that is warned of. */
export function judgeConnection(
  options: RedisOptions,
  { isProduction = false, acceptRisks = [] }: JudgeOptions = {},
): readonly Finding[] {
  if (!isProduction || acceptRisks.includes("plaintext")) return [];
  if (options.tls !== undefined || hostsOf(options).every(isThisMachine)) return [];
  return [
    warning(
      "the connection leaves this machine and is not encrypted: whoever is on the way reads and forges runs",
      'Use TLS (`rediss://`), or, on a network of your own, accept it: acceptRisks: ["plaintext"]',
    ),
  ];
}

function hostsOf({ path, sentinels, host = "localhost" }: RedisOptions): readonly string[] {
  if (path) return [];
  return sentinels?.length ? sentinels.map((sentinel) => sentinel.host ?? "localhost") : [host];
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d+){3}$/.test(host);
}

/** A finding as one line of a log. */
export function describeFinding({ problem, fix }: Finding): string {
  return `${problem}. ${fix}`;
}

function* unfit(info: ServerInfo, { isNode = false }: JudgeOptions): Generator<Finding> {
  const version = info.get("redis_version") ?? "";
  if (productOf(info).name !== "Valkey" && Number.parseInt(version, 10) < MIN_MAJOR) {
    yield error(`Redis ${version} is too old`, `Use Redis ${MIN_MAJOR}.0 or newer, or Valkey`);
  }
  if (info.get("redis_mode") === "sentinel") {
    yield error(
      "this is a sentinel, not the server that it watches",
      "Name it in `sentinels` of ioredis's options, or connect to the master",
    );
  }
  if (info.get("redis_mode") === "cluster" && !isNode) {
    yield error(
      "the server is a node of a cluster, and the connection knows no other",
      "Give a `Cluster` of ioredis as `connection`",
    );
  }
  // A cluster's client may not know yet that a master became a replica, and finds the new one by itself.
  if (info.get("role") === "slave" && !isNode) {
    yield error("the server is a replica and takes no writes", "Connect to its master");
  }
}

function* evicting(info: ServerInfo): Generator<Finding> {
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  const limit = Number(info.get("maxmemory") ?? 0);
  if (policy !== "noeviction") {
    const problem = `maxmemory-policy is ${policy}: a full server would delete runs, or the locks of those who work at them`;
    const judge = info.get("maxmemory") === "0" ? warning : error;
    yield judge(problem, "Set `maxmemory-policy noeviction`");
  }
  const used = Number(info.get("used_memory") ?? 0) / limit;
  if (limit > 0 && used > 0.9) {
    yield warning(
      `${Math.round(used * 100)} % of maxmemory are in use: a full server takes no new runs and starts no calls`,
      "Raise `maxmemory`, shorten the actions' retention, or work off the queues",
    );
  }
}

const FORGETS: Readonly<Partial<Record<DurabilityLevel, string>>> = {
  memory: "the append-only file is off: a restart of the server loses every run",
  snapshots:
    "the append-only file is off: a restart of the server loses every run and every outcome since its last snapshot",
};

function* forgetful(info: ServerInfo, options: JudgeOptions): Generator<Finding> {
  const problem = FORGETS[durabilityOf(info)];
  if (problem === undefined || options.acceptRisks?.includes("no-persistence")) return;
  if (!options.isProduction) yield warning(problem, "Set `appendonly yes`");
  else yield error(problem, 'Set `appendonly yes`, or accept it: acceptRisks: ["no-persistence"]');
}

/** What a server writes, by the field of INFO that says "err" when it could not. */
const FILES: readonly (readonly [field: string, file: string])[] = [
  ["aof_last_write_status", "the append-only file"],
  ["aof_last_bgrewrite_status", "the append-only file anew, so it grows"],
  ["rdb_last_bgsave_status", "its last snapshot"],
];

function* failing(info: ServerInfo): Generator<Finding> {
  for (const [field, file] of FILES) {
    if (info.get(field) !== "err") continue;
    yield warning(`the server could not write ${file}`, "Free disk space, or see the server's log");
  }
}

function error(problem: string, fix: string): Finding {
  return { severity: "error", problem, fix };
}

function warning(problem: string, fix: string): Finding {
  return { severity: "warning", problem, fix };
}
