// The first of two releases of an action: it hangs in the middle of every run, and is killed there.
import { pino } from "pino";
import { createWorker } from "refrain";
import { implementOrder, policies } from "./releases.ts";

const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  concurrency: 100,
  lockDurationMs: 2000,
  stalledIntervalMs: 500,
  logger: pino({ level: "silent" }),
  actions: policies.map((policy) =>
    implementOrder(policy, {
      isFirst: true,
      began: (id, runId) => void process.stdout.write(`began ${runId} ${id}\n`),
    }),
  ),
});
await worker.ready();
