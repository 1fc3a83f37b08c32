// A worker process of the shop: says "ready" when it takes runs, and what it charges.
import { createWorker } from "refrain";
import { actions } from "./shop.ts";

const [connection = ""] = process.argv.slice(2);
const worker = createWorker({
  connection,
  actions,
  lockDurationMs: 1000,
  stalledIntervalMs: 500,
  handleSignals: true,
});
await worker.ready();
process.stdout.write("ready\n");
