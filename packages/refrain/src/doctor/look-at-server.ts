import { durabilityOf, possibleLoss, productOf, type ServerInfo } from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { ClockFacts, DurabilityFacts, Problem, ServerFacts } from "./diagnosis.ts";

export function serverFacts(info: ServerInfo): ServerFacts {
  const numberOf = (field: string): number => Number(info.get(field) ?? 0);
  const { name, version } = productOf(info);
  return {
    product: name,
    version,
    mode: info.get("redis_mode") ?? info.get("server_mode") ?? "unknown",
    role: info.get("role") === "slave" ? "replica" : (info.get("role") ?? "unknown"),
    replicas: numberOf("connected_slaves"),
    uptimeSeconds: numberOf("uptime_in_seconds"),
    usedMemoryBytes: numberOf("used_memory"),
    maxMemoryBytes: numberOf("maxmemory"),
    evictionPolicy: info.get("maxmemory_policy") ?? "unknown",
    hz: numberOf("hz"),
  };
}

/** @param appendfsync the server's setting; "unknown" where it may not be asked for */
export function durabilityFacts(info: ServerInfo, appendfsync: string): DurabilityFacts {
  return {
    level: durabilityOf(info),
    appendfsync,
    loss: possibleLoss(info, appendfsync),
    lastAofWrite: info.get("aof_last_write_status") ?? "unknown",
    lastSnapshot: info.get("rdb_last_bgsave_status") ?? "unknown",
    lastSnapshotAt: Number(info.get("rdb_last_save_time") ?? 0),
  };
}

/** Asks only who may ask: a refusal would stand in the server's log. */
export async function askAppendfsync(redis: Redis, mayAsk: boolean): Promise<string> {
  if (!mayAsk) return "unknown";
  const [, value = "unknown"] = (await redis.config("GET", "appendfsync")).map(String);
  return value;
}

const SAMPLES = 5;

/** Compares clocks by the fastest of a few round trips: what one took is all that can be wrong. */
export async function measureClock(redis: Redis): Promise<ClockFacts> {
  let best: ClockFacts = { aheadMs: 0, uncertaintyMs: Number.POSITIVE_INFINITY };
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [before, sentAt] = [Date.now(), performance.now()];
    const [seconds, microseconds] = (await redis.time()).map(Number);
    const uncertaintyMs = (performance.now() - sentAt) / 2;
    const serverMs = (seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000;
    const aheadMs = serverMs - (before + uncertaintyMs);
    if (uncertaintyMs < best.uncertaintyMs) best = { aheadMs, uncertaintyMs };
  }
  return best;
}

const TOLERATED_MS = 1000;

export function judgeClock({ aheadMs, uncertaintyMs }: ClockFacts): readonly Problem[] {
  if (Math.abs(aheadMs) - uncertaintyMs < TOLERATED_MS) return [];
  const direction = aheadMs > 0 ? "behind" : "ahead of";
  return [
    {
      severity: "warning",
      problem: `this machine's clock is ${Math.round(Math.abs(aheadMs))} ms ${direction} the server's: delayed runs of clients and workers here begin too early or too late by that`,
      fix: "Synchronise both by NTP; what is recorded is not affected, for it goes by the server's clock",
    },
  ];
}
