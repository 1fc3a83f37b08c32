import {
  type ActionImplementation,
  defineAction,
  implementationOf,
  MemoryStore,
  msgpackCodec,
  newNonce,
  runAction,
} from "@refrain/core";
import { makeCalls } from "./order.ts";
import { CONCURRENCY } from "./system.ts";

/** CPU time of the core alone, in this process: no Redis, no BullMQ. */
export interface CoreFigures {
  readonly cpuUsPerCall: number;
  readonly cpuUsPerRun: number;
}

const names = { action: "bench", queue: "default" };

/** Runs without calls, and runs with fifty of them: what the latter cost more is what the calls cost. */
export async function measureCore(isReconcilable: boolean, runs: number): Promise<CoreFigures> {
  const cpuUsPerRun = await cpuPerRun(0, isReconcilable, runs);
  const withCalls = await cpuPerRun(CALLS, isReconcilable, Math.ceil(runs / 10));
  return { cpuUsPerRun, cpuUsPerCall: (withCalls - cpuUsPerRun) / CALLS };
}

const CALLS = 50;

async function cpuPerRun(calls: number, isReconcilable: boolean, runs: number): Promise<number> {
  const implementation = implementationOf(
    defineAction<string, number>({ name: names.action }).implement((ctx, id) =>
      makeCalls(ctx, { id, calls, isReconcilable }),
    ),
  );
  const store = new MemoryStore();
  const runIds = idsOf(runs);
  let settled = 0;
  const lane = async (): Promise<void> => {
    for (const runId of runIds) {
      await runOne(store, implementation, runId);
      // What has settled goes, as it would with time: a growing heap is no part of the figure.
      settled += 1;
      if (settled % 500 === 0) await store.prune(Number.POSITIVE_INFINITY);
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** Shared by all lanes: each takes the next. */
function* idsOf(runs: number): Generator<string> {
  for (let index = 0; index < runs; index += 1) yield `order-${index}`;
}

async function runOne(
  store: MemoryStore,
  implementation: ActionImplementation,
  runId: string,
): Promise<void> {
  const input = msgpackCodec.encode(runId);
  const requestId = newNonce();
  await store.create({ ...names, runId, version: "", input, inputDigest: "", requestId });
  const delivery = { ...names, runId, nonce: newNonce(), jobTimestamp: 1 };
  const reply = await store.claim({ ...delivery, attemptsStarted: 1, incarnation: 0 });
  if (reply.kind !== "claimed") throw new Error(`a fresh run answered "${reply.kind}"`);
  await runAction({ ...reply, implementation }).done;
}
