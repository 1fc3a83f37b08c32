// A worker process over one run of very many calls: it dies in the last of them, or replays them all and says what that took.
import { pino } from "pino";
import { createWorker, defineAction, durable } from "refrain";

const calls = Number(process.env["CALLS"]);
const diesAtTheEnd = process.env["DIES"] === "yes";
const text = "x".repeat(100);
const step = durable("step", (n: number) => {
  if (diesAtTheEnd && n === calls - 1) process.kill(process.pid, "SIGKILL");
  return `${n} ${text}`;
});

let replayed = 0;

const worker = createWorker({
  connection: String(process.env["REDIS"]),
  namespace: String(process.env["NAMESPACE"]),
  lockDurationMs: 5000,
  stalledIntervalMs: 500,
  logger: pino({ level: "silent" }),
  actions: [
    defineAction<null, number>({ name: "long" }).implement(async (ctx) => {
      const startedAt = performance.now();
      const startedCpu = process.cpuUsage();
      let length = 0;
      for (let n = 0; n < calls; n += 100) {
        const batch = Array.from({ length: 100 }, (_, index) =>
          ctx.durableExecute(step, [n + index]),
        );
        for (const value of await Promise.all(batch)) length += value.length;
      }
      const ms = Math.round(performance.now() - startedAt);
      const { user, system } = process.cpuUsage(startedCpu);
      const cpuMs = Math.round((user + system) / 1000);
      const peakRss = process.resourceUsage().maxRSS * 1024;
      process.stdout.write(`${JSON.stringify({ ms, cpuMs, peakRss, replayed })}\n`);
      return length;
    }),
  ],
});
worker.on("call-replayed", () => {
  replayed += 1;
});
await worker.ready();
process.stdout.write(`idle ${process.memoryUsage.rss()}\n`);
