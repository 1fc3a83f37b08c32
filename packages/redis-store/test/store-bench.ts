import { randomBytes } from "node:crypto";
import type { ClaimedRun, CommitPort, Delivery, Group, GroupReply, NewRun } from "@refrain/core";
import { encodeCall, settledCall } from "@refrain/core";
import type { Redis } from "ioredis";
import { RedisStore, type RedisStoreOptions, ShardKeys } from "../src/index.ts";
import { openNamespace } from "./open-namespace.ts";

export interface StoreBench extends AsyncDisposable {
  readonly store: RedisStore;
  /** The first shard's port, to send groups by hand. */
  readonly port: CommitPort;
  readonly redis: Redis;
  readonly namespace: string;
  readonly keys: ShardKeys;
}

/** A store in a namespace of its own, on the server the tests were given unless `url` names another. */
export async function openStore(
  options: Omit<RedisStoreOptions, "redis"> & {
    readonly url?: string;
    readonly redis?: Redis;
  } = {},
): Promise<StoreBench> {
  const { url, redis: own, ...rest } = options;
  const opened = await openNamespace(url);
  const { namespace } = opened;
  const redis = own ?? opened.redis;
  const ports: CommitPort[] = [];
  const wrapPort = (port: CommitPort): CommitPort => {
    ports.push(port);
    return port;
  };
  const store = new RedisStore({ redis, namespace, wrapPort, ...rest });
  const [port] = ports;
  if (port === undefined) throw new Error("the store has no port");
  return {
    store,
    port,
    redis,
    namespace,
    keys: new ShardKeys(namespace, 0),
    async [Symbol.asyncDispose]() {
      await store.close();
      await opened.close();
    },
  };
}

export function newRun(overrides: Partial<NewRun> = {}): NewRun {
  return {
    runId: `run-${randomId()}`,
    action: "place-order",
    version: "v1",
    queue: "default",
    input: Buffer.from("input"),
    inputDigest: "digest",
    requestId: randomId(),
    ...overrides,
  };
}

export function deliveryOf(run: NewRun, overrides: Partial<Delivery> = {}): Delivery {
  const { runId, action, queue } = run;
  const nonce = randomId();
  return {
    runId,
    action,
    queue,
    nonce,
    jobTimestamp: 1000,
    attemptsStarted: 1,
    incarnation: 0,
    ...overrides,
  };
}

/** A group that records calls from a slot on. */
export function recordGroup(
  delivery: Delivery,
  n: number,
  {
    slot = 0,
    count = 1,
    bytes = sampleCall(),
  }: { slot?: number; count?: number; bytes?: Uint8Array } = {},
): Group & { readonly kind: "write" } {
  const { runId, nonce } = delivery;
  const entries = Array.from({ length: count }, (_, i) => ({
    op: "record" as const,
    slot: slot + i,
    bytes,
  }));
  return { kind: "write", runId, nonce, n, entries };
}

export function sampleCall(payload: Uint8Array = Buffer.from("payload")): Uint8Array {
  return encodeCall(
    settledCall(
      { slot: 0, functionId: "charge", argsDigest: "0123456789abcdef", after: 0, startedAt: 1000 },
      { status: "SUCCEEDED", seq: 0, tookMs: 1, reconciled: false, payload },
    ),
  );
}

/** Sends one claim by hand. */
export async function claimOf(port: CommitPort, delivery: Delivery): Promise<GroupReply> {
  const [reply] = await port.send([{ kind: "claim", delivery }]);
  if (reply === undefined) throw new Error("the claim was not answered");
  return reply;
}

/** A run that was created and claimed by hand. */
export async function claimedRun(
  bench: StoreBench,
  run: NewRun = newRun(),
): Promise<{ readonly run: NewRun; readonly delivery: Delivery; readonly claimed: ClaimedRun }> {
  await bench.store.create(run);
  const delivery = deliveryOf(run);
  const reply = await claimOf(bench.port, delivery);
  if (reply.word !== "claimed") throw new Error(`the claim was answered with "${reply.word}"`);
  return { run, delivery, claimed: reply.run };
}

/** The slots that a run's journal holds, ascending. */
export async function slotsOf({ redis, keys }: StoreBench, runId: string): Promise<string[]> {
  const fields = await redis.hkeys(keys.of(runId).calls);
  return fields.filter((field) => field !== "fence").toSorted((a, b) => Number(a) - Number(b));
}

export function words(replies: readonly GroupReply[]): string[] {
  return replies.map((reply) => reply.word);
}

export function randomId(): string {
  return randomBytes(12).toString("hex");
}
