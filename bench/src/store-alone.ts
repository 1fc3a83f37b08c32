import { type Claim, msgpackCodec, newNonce, type SettledCall, settledCall } from "@refrain/core";
import { RedisStore } from "@refrain/redis-store";
import { Redis } from "ioredis";
import { startBullWorker } from "./bull.ts";
import type { Order } from "./order.ts";
import { refrain } from "./refrain.ts";
import { FINISHED, type System, step } from "./system.ts";

/**
 * BullMQ and Refrain's journal without an engine: a claim, a record for each call and a settlement, written in the same
 * batches by the same scripts. No product: nothing is replayed or checked. What is slower than this can be the engine's fault;
 * this cannot.
 */
export const storeAlone: System = {
  enqueue: (place, runs, work) => refrain.enqueue(place, runs, work),
  start: async (place, progress) => {
    const redis = new Redis(place.redisUrl, { maxRetriesPerRequest: null });
    const store = new RedisStore({ redis, namespace: place.namespace });
    const stop = await startBullWorker(place, async ({ data, timestamp, attemptsStarted }) => {
      progress.began();
      const { runId, action, incarnation } = data;
      const job = { queue: "default", jobTimestamp: timestamp, attemptsStarted, incarnation };
      const reply = await store.claim({ runId, action, nonce: newNonce(), shard: 0, ...job });
      if (reply.kind !== "claimed") throw new Error(`a fresh run answered "${reply.kind}"`);
      await write(reply.claim, msgpackCodec.decode(reply.run.input) as Order);
      progress.ended();
      return FINISHED;
    });
    return async () => {
      await stop();
      await store.close();
      redis.disconnect();
    };
  },
};

async function write(claim: Claim, { id, calls }: Order): Promise<void> {
  for (let slot = 0; slot < calls; slot += 1) {
    claim.record(callOf(slot, msgpackCodec.encode(await step(id, slot))));
    await acknowledged(claim);
  }
  const payload = msgpackCodec.encode(calls);
  claim.settle({ status: "SUCCEEDED", payload, failedSlot: undefined, retentionMs: DAY_MS });
  await acknowledged(claim);
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Spelled out: spreads would cost more than what is to be measured. */
function callOf(slot: number, payload: Uint8Array): SettledCall {
  const start = {
    slot,
    functionId: "bench.step",
    argsDigest: "0123456789abcdef",
    after: slot,
    startedAt: 1,
    attempt: 1,
    earlier: 0,
    reopened: 0,
  };
  return settledCall(start, {
    status: "SUCCEEDED",
    seq: slot,
    tookMs: 0,
    reconcilable: false,
    reconciled: false,
    payload,
  });
}

function acknowledged(claim: Claim): Promise<void> {
  return new Promise((resolve) => claim.onAcknowledged(resolve));
}
