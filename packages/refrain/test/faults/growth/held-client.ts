// A client process that is stopped with the commands of an enqueue in its hand, and sends them when it is woken.
import { EffectLedger } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { booking } from "./growth-action.ts";

const ledger = new EffectLedger(String(process.env["LEDGER"]));
const runIds = String(process.env["RUN_IDS"]).split(",");
const redis = new Redis(String(process.env["REDIS"]), {
  maxRetriesPerRequest: null,
  reconnectOnError: () => false,
});
const client = createClient({ connection: redis, namespace: String(process.env["NAMESPACE"]) });
await client.enqueue(booking, null, { runId: "held-warm-up" });

const sendCommand = redis.sendCommand.bind(redis);
redis.sendCommand = (...args) => {
  redis.sendCommand = sendCommand;
  ledger.write({ kind: "in hand", key: String(process.pid) });
  process.kill(process.pid, "SIGSTOP");
  return sendCommand(...args);
};
const runs = await client.enqueueMany(
  booking,
  runIds.map((runId) => ({ input: null, runId })),
);
for (const { runId, created } of runs) {
  ledger.write({ kind: created ? "created" : "existing", key: runId, by: "held" });
}
await client.close();
redis.disconnect();
