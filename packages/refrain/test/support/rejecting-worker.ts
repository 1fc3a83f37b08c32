// A worker process whose action leaves a rejection behind, and that then leaves one behind itself.
import { pino } from "pino";
import { createClient, createWorker, defineAction, durable } from "refrain";

const connection = String(process.env["REDIS"]);
const namespace = String(process.env["NAMESPACE"]);
const strays = defineAction<string, string>({ name: "strays" });
const fine = defineAction<string, string>({ name: "fine" });
const careless = defineAction<string, string>({ name: "careless" });
const step = durable("step", (text: string) => text);
const leave = durable("leave", (text: string) => {
  void Promise.reject(new RangeError(`left by ${text}`));
  return new Promise<string>(() => {});
});

const worker = createWorker({
  connection,
  namespace,
  handleRejections: process.env["HANDLE"] !== "no",
  logger: pino({ level: "error" }),
  actions: [
    strays.implement(async (ctx, text) => {
      const before = await ctx.durableExecute(step, [text], { reconciler: () => text });
      void Promise.reject(new RangeError(`stray ${before}`));
      return ctx.durableExecute(
        durable("never", () => new Promise<string>(() => {})),
        [],
      );
    }),
    careless.implement(async (ctx, text) => {
      await ctx.durableExecute(step, [text]);
      return ctx.durableExecute(leave, [text]);
    }),
    fine.implement((ctx, text) => ctx.durableExecute(step, [text])),
  ],
});
await worker.ready();
const client = createClient({ connection, namespace });
const runs = await client.enqueueMany([
  ...["a", "b", "c"].map((input) => ({ action: strays, input })),
  ...["d", "e", "f"].map((input) => ({ action: fine, input })),
  ...["g", "h", "i"].map((input) => ({ action: careless, input })),
]);
for (const run of runs) {
  const outcome = await run.result().catch((error: unknown) => String(error));
  process.stdout.write(`outcome: ${String(outcome)}\n`);
}
process.stdout.write("still here\n");
void Promise.reject(new TypeError("nobody's"));
