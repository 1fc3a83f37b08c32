// A process with a client and a worker that closes both at SIGTERM, and then has nothing left to do.
import { pino } from "pino";
import { createClient, createWorker, defineAction, durable } from "refrain";

const connection = String(process.env["REDIS"]);
const namespace = String(process.env["NAMESPACE"]);
const action = defineAction<null, void>({ name: "tick" });
const tick = durable("tick", () => new Promise<void>((resolve) => setTimeout(resolve, 20)));

const worker = createWorker({
  connection,
  namespace,
  drainTimeoutMs: 500,
  logger: pino({ level: "silent" }),
  actions: [
    action.implement(async (ctx) => {
      for (let n = 0; n < 1000; n++) await ctx.durableExecute(tick, []);
    }),
  ],
});
const client = createClient({ connection, namespace });
const run = await client.enqueue(action, null);
run.result().catch((error: unknown) => process.stdout.write(`result: ${String(error)}\n`));
worker.on("attempt-started", () => process.stdout.write("started\n"));

process.once("SIGTERM", () => {
  void Promise.all([worker.close(), client.close()]).then(() => process.stdout.write("closed\n"));
});
