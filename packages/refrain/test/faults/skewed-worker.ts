// A worker process whose clock may be wrong: the subject of clock-skew.test.ts.
import { EffectLedger } from "@refrain/testkit";
import { pino } from "pino";
import { createWorker, currentCall, defineAction, durable, OutcomeUnknownError } from "refrain";

export interface SkewedWorkerSettings {
  readonly url: string;
  readonly ledger: string;
  readonly actions: readonly string[];
}

const settings = JSON.parse(process.env["SKEWED_WORKER"] ?? "{}") as SkewedWorkerSettings;
const ledger = new EffectLedger(settings.ledger);

const step = durable("step", async (n: number) => {
  ledger.write({ kind: "effect", key: currentCall().idempotencyKey });
  return n;
});

/** Its effect is there, and the first who asks is told to ask again in a while. */
const slow = durable("slow", async (): Promise<string> => {
  ledger.write({ kind: "effect", key: currentCall().idempotencyKey });
  throw new OutcomeUnknownError({ retryAfterMs: 3000 });
});

const worker = createWorker({
  connection: settings.url,
  lockDurationMs: 1200,
  stalledIntervalMs: 400,
  logger: pino({ level: "warn" }),
  actions: settings.actions.map((name) =>
    defineAction<null, string>({ name }).implement(async (ctx) => {
      ledger.write({ kind: "attempt", key: ctx.runId });
      for (let n = 0; n < 3; n++) await ctx.durableExecute(step, [n]);
      if (name !== "asking") return "done";
      return ctx.durableExecute(slow, [], { reconciler: () => "found" });
    }),
  ),
});
await worker.ready();
ledger.write({ kind: "ready", key: String(process.pid) });
