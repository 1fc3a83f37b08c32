// A worker process of the soak. Its effects are messages to its parent, which outlives it and counts them.
import { createWorker, durable, notStarted } from "refrain";
import { CALLS, RETENTION_MS, soakAction } from "./action.ts";
import type { Ask, FromWorker, ToWorker } from "./messages.ts";

const [redisUrl = "", namespace = "", concurrency = ""] = process.argv.slice(2);
const waiting = new Map<number, (value: string | undefined) => void>();
let asked = 0;

function tell(message: FromWorker): void {
  process.send?.(message);
}

function ask(what: Ask["what"], runId: string, slot: number): Promise<string | undefined> {
  const id = ++asked;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    tell({ kind: "ask", id, what, runId, slot });
  });
}

const charge = durable("soak.charge", async (runId: string, slot: number) => {
  return (await ask("effect", runId, slot)) ?? "";
});

const worker = createWorker({
  connection: redisUrl,
  namespace,
  concurrency: Number(concurrency),
  actions: [
    soakAction.implement(
      async (ctx, runId) => {
        let length = 0;
        for (let slot = 0; slot < CALLS; slot += 1) {
          const reconciler = async () => (await ask("find", runId, slot)) ?? notStarted();
          const options = slot % 2 === 1 ? { reconciler } : {};
          length += (await ctx.durableExecute(charge, [runId, slot], options)).length;
        }
        return length;
      },
      { onDivergence: "fail", retention: { succeededMs: RETENTION_MS, failedMs: RETENTION_MS } },
    ),
  ],
});
worker.on("settled", ({ runId, status }) => tell({ kind: "settled", runId, status }));
worker.on("fenced", ({ runId }) => tell({ kind: "lost", runId }));

process.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "answer":
      waiting.get(message.id)?.(message.value);
      waiting.delete(message.id);
      return;
    case "measure": {
      globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      return tell({ kind: "memory", rss, heap: heapUsed });
    }
    case "close":
      void worker.close().then(() => process.disconnect());
  }
});
process.on("disconnect", () => process.exit());
await worker.ready();
tell({ kind: "ready" });
