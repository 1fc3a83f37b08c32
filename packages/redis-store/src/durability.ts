import type { ServerInfo } from "./server-info.ts";

/** The rungs of the ladder of docs/guarantees.md, as far as INFO tells them apart. */
export type DurabilityLevel = "memory" | "snapshots" | "append-only" | "append-only, replicated";

/** How much of the ladder a server has climbed. One that keeps it to itself is taken to write an append-only file. */
export function durabilityOf(info: ServerInfo): DurabilityLevel {
  if (info.get("aof_enabled") === "0") return hasSnapshot(info) ? "snapshots" : "memory";
  const isReplicated = Number(info.get("connected_slaves") ?? 0) > 0;
  return isReplicated ? "append-only, replicated" : "append-only";
}

/** The server has taken a snapshot since it started, or had one to start with; its settings are not ours to read. */
function hasSnapshot(info: ServerInfo): boolean {
  return ["rdb_saves", "rdb_last_load_keys_loaded"].some((name) => Number(info.get(name) ?? 0) > 0);
}

/** What each kind of accident can take, in words. */
export interface PossibleLoss {
  /** Of the server's process. */
  readonly crash: string;
  /** Of the server's machine. */
  readonly powerLoss: string;
  readonly failover: string;
}

/** @param appendfsync the server's setting, where it may be asked for */
export function possibleLoss(info: ServerInfo, appendfsync?: string): PossibleLoss {
  const level = durabilityOf(info);
  const failover = failoverLoss(info);
  if (level === "memory") return { crash: "everything", powerLoss: "everything", failover };
  if (level === "snapshots") {
    const since = "everything since the last snapshot";
    return { crash: since, powerLoss: since, failover };
  }
  return { crash: "nothing acknowledged", powerLoss: powerLoss(appendfsync), failover };
}

const POWER_LOSS: Readonly<Record<string, string>> = {
  always: "nothing acknowledged, if the disk keeps what it says it keeps",
  everysec: "the last 1 to 2 seconds",
  no: "what the operating system had not written yet: half a minute or more",
};

function powerLoss(appendfsync = "unknown"): string {
  const known = POWER_LOSS[appendfsync];
  return known ?? "the last 1 to 2 seconds, if appendfsync is everysec (it may not be asked for)";
}

function failoverLoss(info: ServerInfo): string {
  const replicas = Number(info.get("connected_slaves") ?? 0);
  if (replicas === 0) return "no replica is connected, so there is nothing to fail over to";
  // Servers say this only where min-replicas-to-write is set.
  return info.has("min_slaves_good_slaves")
    ? "what the promoted replica had not got; writes stop when no replica is near"
    : "what the promoted replica had not got";
}
