import { randomBytes } from "node:crypto";
import {
  type Claim,
  type ClaimedRun,
  type Delivery,
  type NewRun,
  pendingCall,
  type SettledCall,
  settledCall,
} from "@refrain/core";
import { connectRedis, RedisStore, ShardKeys } from "@refrain/redis-store";
import type { Redis } from "ioredis";

/** A store over a journal connection of its own. */
export interface OpenJournal extends AsyncDisposable {
  readonly store: RedisStore;
  readonly redis: Redis;
}

export function openJournal(url: string, namespace: string): OpenJournal {
  const { redis } = connectRedis(url, "journal");
  const store = new RedisStore({ redis, namespace });
  return {
    store,
    redis,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await store.close();
    },
  };
}

export function newRun(runId: string): NewRun {
  const input = Buffer.from("input");
  const requestId = randomBytes(12).toString("hex");
  const named = { action: "place-order", version: "1", queue: "default" };
  return { runId, ...named, input, inputDigest: "digest", requestId };
}

/** The n-th time that a run's job is handed out. */
export function deliveryOf(run: NewRun, n: number): Delivery {
  const { runId, action, queue } = run;
  const nonce = randomBytes(12).toString("hex");
  return { runId, action, queue, nonce, jobTimestamp: 1000, attemptsStarted: n, incarnation: 0 };
}

export async function claimRun(
  store: RedisStore,
  delivery: Delivery,
): Promise<{ readonly claim: Claim; readonly run: ClaimedRun }> {
  const reply = await store.claim(delivery);
  if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
  return reply;
}

const start = { functionId: "charge", argsDigest: "0123456789abcdef", after: 0, startedAt: 1000 };

export function startedCall(slot: number) {
  return pendingCall({ slot, ...start });
}

export function doneCall(slot: number, payload = "done"): SettledCall {
  const outcome = { status: "SUCCEEDED", seq: slot, tookMs: 1, reconciled: false } as const;
  return settledCall({ slot, ...start }, { ...outcome, payload: Buffer.from(payload) });
}

const PASSING = new Set(["request", "createdAt", "settledAt", "fence", "nonces", "reopenings"]);

/** Everything Redis holds of a run, such that two runs can be compared: moments and random names left out. */
export async function stateOf(redis: Redis, namespace: string, runId: string): Promise<unknown> {
  const keys = new ShardKeys(namespace, 0);
  const { run, calls } = keys.of(runId);
  const hash = await redis.hgetall(run);
  const { fence = hash["fence"], ...slots } = await redis.hgetall(calls);
  const fields = Object.entries(hash).filter(([name]) => !PASSING.has(name));
  return {
    ...Object.fromEntries(fields),
    fields: Object.keys(hash).toSorted(),
    groups: fence?.split(" ").slice(1),
    owners: hash["nonces"]?.split("\n").length,
    calls: slots,
    isLive: (await redis.zscore(keys.live, runId)) !== null,
    ttls: [(await redis.pttl(run)) > 0, (await redis.pttl(calls)) > 0],
  };
}
