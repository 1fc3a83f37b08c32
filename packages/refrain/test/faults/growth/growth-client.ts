// A client process that enqueues ids which others enqueue at the same time, and some of them again later, until it is told to end.
import { setTimeout as pause } from "node:timers/promises";
import { EffectLedger } from "@refrain/testkit";
import { createClient } from "refrain";
import { booking } from "./growth-action.ts";

const ledger = new EffectLedger(String(process.env["LEDGER"]));
const client = createClient({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
});
const earlier: string[] = [];
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());

async function enqueue(runId: string): Promise<void> {
  try {
    const run = await client.enqueue(booking, null, { runId });
    ledger.write({ kind: run.created ? "created" : "existing", key: runId });
    earlier.push(runId);
  } catch (error) {
    ledger.write({ kind: "refused", key: runId, message: String(error) });
  }
}

while (!ending.signal.aborted) {
  const now = Math.floor(Date.now() / 50);
  const again = earlier[Math.floor(Math.random() * earlier.length)] ?? `r-${now}-0`;
  await Promise.all([`r-${now}-0`, `r-${now}-1`, again].map(enqueue));
  await pause(10);
}
await client.close();
