// A worker process that dies where REFRAIN_CRASH_AT says: the subject of crash-recovery.test.ts.
import {
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
  readonly names: readonly string[];
  readonly program: Program;
  readonly poisonAfter?: number;
  /** Closes the worker as soon as this function runs. */
  readonly closeDuring?: string;
}

const settings = JSON.parse(process.env["CRASH_WORKER"] ?? "{}") as CrashWorkerSettings;
const ledger = new EffectLedger(settings.ledger);
const points = new CrashPoints();

/** Writes down what Redis acknowledged, before a crash point that follows can strike. */
function acknowledging(port: CommitPort): CommitPort {
  return {
    send: async (batch) => {
      const replies = await port.send(batch);
      for (const [index, group] of batch.entries()) noteGroup(group, replies[index]);
      return replies;
    },
  };
}

function noteGroup(group: Group, reply: GroupReply | undefined): void {
  if (group.kind !== "write" || reply?.word !== "applied") return;
  for (const entry of group.entries) {
    const call = "bytes" in entry ? decodeCall(entry.slot, entry.bytes) : undefined;
    ledger.write({
      kind: "acknowledged",
      key: group.runId,
      op: entry.op,
      name: call?.functionId,
      value: call !== undefined && isSettled(call) ? msgpackCodec.decode(call.payload) : undefined,
    });
  }
}

const worker: RunWorker = new RunWorker(
  workerParts(
    {
      connection: settings.url,
      namespace: settings.namespace,
      lockDurationMs: 1500,
      stalledIntervalMs: 500,
      drainTimeoutMs: 1000,
      concurrency: 50,
      poisonAfter: settings.poisonAfter ?? 10,
      logger: pino({ level: "silent" }),
      actions: settings.names.map((name) =>
        implementCrashAction(name, {
          ledger,
          points,
          program: settings.program,
          during: async (called) => {
            if (called === settings.closeDuring) void worker.close();
          },
        }),
      ),
    },
    { wrapPort: (port) => points.wrapPort(acknowledging(port)) },
  ),
);
await worker.ready();
