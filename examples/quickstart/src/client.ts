// `node client.js FILE`: places the orders of a file and waits for what becomes of each.
import fs from "node:fs";
import path from "node:path";
import { createClient, RunConflictError, type RunHandle } from "refrain";
import { AppendLog } from "./append-log.ts";
import { readEnv } from "./env.ts";
import type { Order } from "./order.ts";
import { readOrderFile } from "./order-file.ts";
import { CardDeclined, placeOrder, type Receipt } from "./place-order.ts";
import type { Intake, Outcome } from "./records.ts";
import { tellParent, tetherToParent } from "./tether.ts";

const env = readEnv();
tetherToParent();
const client = createClient({ connection: env.REDIS_URL, namespace: env.NAMESPACE });
const intakes = new AppendLog(path.join(env.EVIDENCE_DIR, "intake.ndjson"));
const outcomes = new AppendLog(path.join(env.EVIDENCE_DIR, "outcomes.ndjson"));

const file = readOrderFile(fs.readFileSync(process.argv[2] ?? "orders.ndjson", "utf8"));
const settling: Promise<Outcome>[] = [];
tellParent({ firstOrderAt: Date.now() });
for (const { line, order } of file.lines) {
  const { intake, run } = await place(order);
  intakes.append({ line, orderId: order.id, intake } satisfies Intake);
  if (run !== undefined) settling.push(follow(run));
}
const settled = await Promise.all(settling);

const fulfilled = settled.filter((outcome) => outcome.paymentId !== undefined).length;
console.log(`${file.lines.length} orders read, ${file.refused.length} lines refused.`);
console.log(
  `${settled.length} accepted: ${fulfilled} fulfilled, ${settled.length - fulfilled} not.`,
);
await client.close();
process.exit();

/** The order's id is the run's id: a file that is sent twice, or by two clients at once, starts each order once. */
async function place(
  order: Order,
): Promise<{ intake: Intake["intake"]; run?: RunHandle<Receipt> }> {
  try {
    const run = await client.enqueue(placeOrder, order, { runId: order.id });
    return run.created ? { intake: "accepted", run } : { intake: "repeated" };
  } catch (error) {
    // Same id, other content: the first order stands, and a person has to look at this one.
    if (error instanceof RunConflictError) return { intake: "conflicting" };
    throw error;
  }
}

async function follow(run: RunHandle<Receipt>): Promise<Outcome> {
  const ending = await run.result().then(
    ({ paymentId }) => ({ paymentId }),
    (error: unknown) => ({ error: error instanceof CardDeclined ? error.name : String(error) }),
  );
  const outcome = { orderId: run.runId, status: await run.status(), ...ending };
  outcomes.append(outcome);
  return outcome;
}
