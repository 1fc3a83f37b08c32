// A worker, or a client that retries a run, as a process of its own: to be killed and paused.
import { setTimeout as pause } from "node:timers/promises";
import { RedisStore } from "@refrain/redis-store";
import { EffectLedger, type LedgerEvent } from "@refrain/testkit";
import { pino } from "pino";
import {
  createClient,
  createWorker,
  currentCall,
  defineAction,
  durable,
  notStarted,
} from "refrain";

export interface RetryProcessSettings {
  readonly url: string;
  readonly ledger: string;
  /** It begins when the ledger says that this one may: processes are slow to start, so they start early. */
  readonly name: string;
  readonly role: "worker" | "client";
  /** Where a client dies: before its request to reopen the run leaves, or once Redis has answered it. */
  readonly dieAt?: "before" | "after";
}

/** What a charge of the run does, one start after the other. */
export type Charge = "decline" | "die" | "book-and-die" | "hang" | "pay";

export interface RetryInput {
  readonly charges: readonly Charge[];
  readonly isReconcilable: boolean;
  /** Is awaited after the charge, until the ledger says "open". */
  readonly gate?: boolean;
}

export const retried = defineAction<RetryInput, string>({ name: "retried" });

if (process.env["RETRY_PROCESS"] !== undefined) {
  await start(JSON.parse(process.env["RETRY_PROCESS"]) as RetryProcessSettings);
}

async function start(settings: RetryProcessSettings): Promise<void> {
  const ledger = new EffectLedger(settings.ledger);
  const { url: connection, name } = settings;
  const begin = await said(ledger, "begin", name);
  if (settings.role === "worker") {
    await work(ledger, connection);
    return ledger.write({ kind: "ready", key: name });
  }
  dieWhenReopening(settings.dieAt ?? "after");
  await createClient({ connection }).run(String(begin["runId"])).retry();
}

async function said(ledger: EffectLedger, kind: string, key: string): Promise<LedgerEvent> {
  for (;;) {
    const event = ledger.read().find((one) => one.kind === kind && one.key === key);
    if (event !== undefined) return event;
    await pause(20);
  }
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal may reach another thread first; until it ends the process, this one does nothing more.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function dieWhenReopening(moment: "before" | "after"): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the store it belongs to
  const { reopen } = RedisStore.prototype;
  RedisStore.prototype.reopen = async function reopenAndDie(reopening) {
    if (moment === "after") await reopen.call(this, reopening);
    return die();
  };
}

async function work(ledger: EffectLedger, connection: string): Promise<void> {
  const by = process.pid;
  const note = (kind: string, more: object = {}): void =>
    ledger.write({ kind, key: currentCall().idempotencyKey, by, ...more });

  const charge = durable("charge", async (charges: readonly Charge[]) => {
    const { runId, idempotencyKey } = currentCall();
    const earlier = ledger.read().filter((e) => e.kind === "charge" && e["run"] === runId).length;
    note("charge", { run: runId });
    const what = charges[earlier] ?? "pay";
    if (what === "decline") throw new Error("declined");
    if (what === "die") die();
    if (what === "hang") await said(ledger, "open", `hang ${runId}`);
    ledger.write({ kind: "booked", key: idempotencyKey, by, run: runId });
    if (what === "book-and-die") die();
    return `paid by ${by}`;
  });
  const gate = durable("gate", async (runId: string) => {
    await said(ledger, "open", runId);
  });

  const implementation = retried.implement(async (ctx, input) => {
    const { runId } = ctx;
    const reconciler = (): string | ReturnType<typeof notStarted> => {
      note("asked", { run: runId });
      const { idempotencyKey: key } = currentCall();
      return ledger.count("booked", key) > 0 ? "found" : notStarted();
    };
    const options = input.isReconcilable ? { reconciler } : {};
    const paid = await ctx.durableExecute(charge, [input.charges], options);
    if (input.gate === true) await ctx.durableExecute(gate, [runId]);
    return paid;
  });
  const worker = createWorker({
    connection,
    lockDurationMs: 1000,
    stalledIntervalMs: 200,
    logger: pino({ level: "silent" }),
    actions: [implementation],
  });
  worker.on("fenced", ({ runId, reason }) =>
    ledger.write({ kind: "fenced", key: runId, reason, by }),
  );
  await worker.ready();
}
