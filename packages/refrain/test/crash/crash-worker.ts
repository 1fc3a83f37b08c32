// A worker process that dies where REFRAIN_CRASH_AT says.
import {
  type CallResult,
  type CommitPort,
  decodeCall,
  type Group,
  type GroupReply,
  isSettled,
  msgpackCodec,
} from "@refrain/core";
import { CrashPoints, EffectLedger } from "@refrain/testkit";
import { RunWorker } from "@refrain/worker";
import { pino } from "pino";
import { workerParts } from "../../src/create-worker.ts";
import { implementCrashAction, type Program } from "./crash-action.ts";

export interface CrashWorkerSettings {
  readonly url: string;
  readonly namespace: string;
  readonly ledger: string;
  readonly actions: readonly CrashWorkerAction[];
  readonly poisonAfter?: number;
  /** Closes the worker as soon as this function runs. */
  readonly closeDuring?: string | undefined;
}

export interface CrashWorkerAction {
  readonly name: string;
  readonly program: Program;
  readonly renamed?: string | undefined;
}

type WriteGroup = Group & { readonly kind: "write" };

const settings = JSON.parse(process.env["CRASH_WORKER"] ?? "{}") as CrashWorkerSettings;
const ledger = new EffectLedger(settings.ledger);
const points = new CrashPoints({
  die: (point) => {
    ledger.write({ kind: "struck", key: point, by: process.pid });
    process.kill(process.pid, "SIGKILL");
    // The signal may reach another thread first; until it ends the process, this one does nothing more.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});

/**
 * The points before a request leaves and after Redis has applied it. The process never gets to act on the reply; the
 * ledger does, so that it can be judged by it.
 */
function crashing(port: CommitPort): CommitPort {
  return {
    send: async (batch) => {
      for (const point of batch.flatMap(writesOf)) points.hit(`${point}.before`);
      const replies = await port.send(batch);
      for (const [index, group] of batch.entries()) noteGroup(group, replies[index]);
      for (const point of batch.flatMap(writesOf)) points.hit(`${point}.after`);
      return replies;
    },
  };
}

/** "claim", "settle", "c-first.record" ... */
function writesOf(group: Group): string[] {
  if (group.kind === "claim") return ["claim"];
  return group.entries.map((entry) => {
    const call = callOf(entry);
    return call === undefined ? entry.op : `${call.functionId}.${entry.op}`;
  });
}

function noteGroup(group: Group, reply: GroupReply | undefined): void {
  if (group.kind !== "write" || reply?.word !== "applied") return;
  for (const entry of group.entries) {
    const call = callOf(entry);
    ledger.write({
      kind: "acknowledged",
      key: group.runId,
      op: entry.op,
      name: call?.functionId,
      from: entry.op === "clear" ? entry.from : undefined,
      value: call !== undefined && isSettled(call) ? msgpackCodec.decode(call.payload) : undefined,
    });
  }
}

function callOf(entry: WriteGroup["entries"][number]): CallResult | undefined {
  return "bytes" in entry ? decodeCall(entry.slot, entry.bytes) : undefined;
}

const worker: RunWorker = new RunWorker(
  workerParts(
    {
      connection: settings.url,
      namespace: settings.namespace,
      lockDurationMs: 1500,
      stalledIntervalMs: 500,
      drainTimeoutMs: 20_000,
      concurrency: 50,
      poisonAfter: settings.poisonAfter ?? 10,
      logger: pino({ level: "silent" }),
      actions: settings.actions.map(({ name, program, renamed }) =>
        implementCrashAction(name, {
          program,
          renamed,
          ledger,
          points,
          during: (called) => {
            if (called === settings.closeDuring) void worker.close();
          },
        }),
      ),
    },
    { wrapPort: crashing },
  ),
);
// Settled in the journal, and BullMQ has not heard of it.
worker.on("settled", () => points.hit("finish.before"));
await worker.ready();
