// A worker process that stands still where it is told, until others have done its work, and then goes on.
import type { CommitPort } from "@refrain/core";
import { EffectLedger } from "@refrain/testkit";
import { RunWorker } from "@refrain/worker";
import { pino } from "pino";
import { workerParts } from "../../src/create-worker.ts";
import { implementPayment, mayWake, type Stall } from "./zombie-action.ts";

const stall = JSON.parse(String(process.env["STALL"])) as Stall;
const name = String(process.env["ACTION"]);
const ledger = new EffectLedger(String(process.env["LEDGER"]));

function block(): void {
  ledger.write({ kind: "stalled", key: name });
  while (!mayWake(ledger, name)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** The test stops the process meanwhile. */
async function waitToBeStopped(): Promise<void> {
  ledger.write({ kind: "stalled", key: name });
  while (!mayWake(ledger, name)) await new Promise((resolve) => setTimeout(resolve, 50));
}

function blockedAtMark(port: CommitPort): CommitPort {
  return {
    send: async (batch) => {
      const replies = await port.send(batch);
      const isMark = batch.some(
        (group) => group.kind === "write" && group.entries.some(({ op }) => op === "append"),
      );
      if (stall.at === "mark" && isMark) block();
      return replies;
    },
  };
}

const worker = new RunWorker(
  workerParts(
    {
      connection: String(process.env["REDIS"]),
      namespace: String(process.env["NAMESPACE"]),
      lockDurationMs: 1500,
      stalledIntervalMs: 500,
      handleSignals: true,
      logger: pino({ level: "silent" }),
      actions: [
        implementPayment(name, {
          ledger,
          by: "zombie",
          stall: () => {
            if (stall.at === "fn") return stall.how === "block" ? block() : waitToBeStopped();
          },
        }),
      ],
    },
    { wrapPort: blockedAtMark },
  ),
);
for (const event of ["fenced", "settled"] as const) {
  worker.on(event, () => ledger.write({ kind: event, key: name }));
}
await worker.ready();
