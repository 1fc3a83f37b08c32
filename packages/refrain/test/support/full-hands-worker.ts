// A worker process with its hands full, which closes at a signal.
import { EffectLedger } from "@refrain/testkit";
import { pino } from "pino";
import { createWorker } from "refrain";
import { hang, kill, stepsInto } from "./full-hands.ts";

const ledger = new EffectLedger(String(process.env["LEDGER"]));
const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  concurrency: 50,
  lockDurationMs: Number(process.env["LOCK_MS"] ?? 15_000),
  stalledIntervalMs: Number(process.env["STALLED_MS"] ?? 5000),
  handleSignals: true,
  logger: pino({ level: "info" }),
  poisonAfter: Number(process.env["POISON_AFTER"] ?? 10),
  actions: [stepsInto(ledger), kill(), hang((where) => process.stdout.write(`hangs: ${where}\n`))],
});
await worker.ready();
