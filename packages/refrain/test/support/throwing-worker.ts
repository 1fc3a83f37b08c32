// A worker process with a run whose code throws where nothing can catch it: in a timer.
import { pino } from "pino";
import { createWorker, defineAction, durable } from "refrain";

const mark = durable("mark", () => process.pid);
const hang = durable("hang", () => {
  setTimeout(() => {
    throw new RangeError("thrown in a timer");
  }, 10);
  return new Promise<void>(() => {});
});

const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  lockDurationMs: 1000,
  stalledIntervalMs: 500,
  logger: pino({ level: "silent" }),
  actions: [
    defineAction<null, number>({ name: "throws" }).implement(async (ctx) => {
      const pid = await ctx.durableExecute(mark);
      await ctx.durableExecute(hang);
      return pid;
    }),
  ],
});
await worker.ready();
