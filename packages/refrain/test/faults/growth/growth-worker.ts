// A worker process of a namespace that grows.
import { EffectLedger } from "@refrain/testkit";
import { pino } from "pino";
import { createWorker } from "refrain";
import { implementBooking } from "./growth-action.ts";

const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  actions: [implementBooking(new EffectLedger(String(process.env["LEDGER"])))],
  lockDurationMs: 1000,
  stalledIntervalMs: 400,
  handleSignals: true,
  logger: pino({ level: "silent" }),
});
await worker.ready();
process.stdout.write("ready\n");
