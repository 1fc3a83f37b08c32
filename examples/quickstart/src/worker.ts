// A worker process. It may die at any instruction, so it keeps nothing that matters in memory.
import path from "node:path";
import { createWorker } from "refrain";
import { implementPlaceOrder } from "./actions.ts";
import { readEnv } from "./env.ts";
import { gatewayClient } from "./gateway-client.ts";
import { serveHealth } from "./health.ts";
import { fileMailer } from "./mailer.ts";
import { tellParent, tetherToParent } from "./tether.ts";
import { logEvents } from "./worker-events.ts";

const env = readEnv();
tetherToParent();

const worker = createWorker({
  connection: env.REDIS_URL,
  namespace: env.NAMESPACE,
  concurrency: env.CONCURRENCY,
  lockDurationMs: env.LOCK_DURATION_MS,
  stalledIntervalMs: env.STALLED_INTERVAL_MS,
  drainTimeoutMs: env.DRAIN_TIMEOUT_MS,
  actions: [
    implementPlaceOrder({
      gateway: gatewayClient(env.GATEWAY_URL),
      mailer: fileMailer(path.join(env.EVIDENCE_DIR, "mails.ndjson")),
      reconcilers: env.RECONCILERS === "on",
    }),
  ],
});
logEvents(worker, path.join(env.EVIDENCE_DIR, `events-${env.PROCESS_NAME}.ndjson`));

let isReady = false;
if (env.HEALTH_PORT !== undefined) serveHealth(env.HEALTH_PORT, () => isReady);

// A deploy sends SIGTERM: take no more orders, bring those in hand to a safe point, leave.
process.once("SIGTERM", () => {
  isReady = false;
  void worker.close().then(() => process.exit());
});

await worker.ready();
isReady = true;
console.log("worker ready");
tellParent({ ready: true });
