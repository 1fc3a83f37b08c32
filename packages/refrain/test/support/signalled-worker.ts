// A worker process that closes at a signal, in the middle of a long run.
import { pino } from "pino";
import { createWorker, defineAction, durable } from "refrain";

const tick = durable("tick", async (n: number) => {
  process.stdout.write(`tick ${n}\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
});
const ticking = defineAction<null, void>({ name: "ticking" });

const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  drainTimeoutMs: Number(process.env["DRAIN_MS"]),
  handleSignals: true,
  logger: pino({ level: "info" }),
  actions: [
    ticking.implement(async (ctx) => {
      for (let n = 0; n < 10_000; n++) await ctx.durableExecute(tick, [n]);
    }),
  ],
});
await worker.ready();
