import { randomUUID } from "node:crypto";
import { type CommitPort, decodeCall, type Group, type GroupReply, isSettled } from "@refrain/core";
import { eventually } from "@refrain/testkit";
import { RunWorker } from "@refrain/worker";
import { pino } from "pino";
import {
  type Client,
  currentCall,
  defineAction,
  durable,
  msgpackCodec,
  notStarted,
  type RunHandle,
} from "refrain";
import { expect } from "vitest";
import { workerParts } from "../../src/create-worker.ts";
import type { WorkerOptions } from "../../src/worker-options.ts";

export interface Note {
  readonly kind: "begin" | "effect" | "seen" | "not-started" | "recorded" | "settled";
  readonly run: string;
  readonly slot: number;
  readonly value?: unknown;
  readonly key?: string;
  /** What the call was given: the value of the one before it. */
  readonly given?: unknown;
}

export interface LoadOptions {
  readonly calls?: number;
  /** How long each fn takes. */
  readonly callMs?: number;
}

/** Short ones: what a lost lock costs is waited for. */
export const LOCKS = { lockDurationMs: 1200, stalledIntervalMs: 400 } as const;

const load = defineAction<null, string[]>({ name: "load" });

/**
 * Runs of several calls of both kinds, each of which takes what the one before it gave, and all that happens to them: what
 * the outside world saw, and what Redis acknowledged. Every execution gives another value, so that a call which ran twice, or
 * was seen differently, shows.
 */
export class Load implements AsyncDisposable {
  readonly notes: Note[] = [];
  /** Attempts that lost their claim, by reason. */
  readonly lost = new Map<string, number>();
  attempts = 0;
  readonly #options: Required<LoadOptions>;
  readonly #workers: RunWorker[] = [];

  constructor(options: LoadOptions = {}) {
    this.#options = { calls: 6, callMs: 8, ...options };
  }

  /** A worker that takes these runs; it ends with `close`. */
  worker(options: Omit<WorkerOptions, "actions">): RunWorker {
    const seams = { wrapPort: (port: CommitPort) => this.#noting(port) };
    const actions = [load.implement((ctx) => this.#act(ctx), { onDivergence: "fail" })];
    const logger = pino({ level: "silent" });
    const usual = { ...LOCKS, drainTimeoutMs: 1000, concurrency: 20, logger };
    const worker = new RunWorker(workerParts({ ...usual, ...options, actions }, seams));
    worker.on("attempt-started", () => {
      this.attempts += 1;
    });
    worker.on("fenced", ({ reason }) => {
      this.lost.set(reason, (this.lost.get(reason) ?? 0) + 1);
    });
    this.#workers.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** Resolves when the load has had so many effects. */
  async untilEffects(count: number): Promise<void> {
    const isThere = (): void => expect(this.effects()).toBeGreaterThanOrEqual(count);
    await eventually(isThere, { timeoutMs: 30_000, intervalMs: 2 });
  }

  effects(): number {
    return this.notes.filter(({ kind }) => kind === "effect").length;
  }

  count(kind: Note["kind"]): number {
    return this.notes.filter((note) => note.kind === kind).length;
  }

  /** Waits for the outcomes of runs; by run id, in the order of slots. */
  async outcomes(
    runs: readonly RunHandle<string[]>[],
    timeoutMs: number,
  ): Promise<Map<string, string[]>> {
    const outputs = await Promise.all(
      runs.map(async (run) => [run.runId, await run.result({ timeoutMs })] as const),
    );
    await this.#untilAnswered(runs);
    return new Map(outputs);
  }

  /** An outcome can be read before the worker that wrote it has its reply. Who never gets one shows in the history. */
  async #untilAnswered(runs: readonly RunHandle<string[]>[]): Promise<void> {
    const isAnswered = (): void => {
      const settled = new Set(this.notes.filter(isSettlement).map(({ run }) => run));
      expect(runs.filter(({ runId }) => !settled.has(runId))).toEqual([]);
    };
    await eventually(isAnswered, { timeoutMs: 10_000 }).catch(() => {});
  }

  async #act(ctx: Parameters<Parameters<typeof load.implement>[0]>[0]): Promise<string[]> {
    const { runId: run } = ctx;
    const values: string[] = [];
    for (let slot = 0; slot < this.#options.calls; slot++) {
      const call = durable(`call-${slot}`, (given: string) => this.#effect(run, slot, given));
      const reconciler = (): string | ReturnType<typeof notStarted> => this.#ask(run, slot);
      const given = values.at(-1) ?? "start";
      const options = slot % 2 === 0 ? {} : { reconciler };
      const value: string = await ctx.durableExecute(call, [given], options);
      this.notes.push({ kind: "seen", run, slot, value });
      values.push(value);
    }
    return values;
  }

  async #effect(run: string, slot: number, given: string): Promise<string> {
    const { idempotencyKey: key } = currentCall();
    this.notes.push({ kind: "begin", run, slot, key, given });
    await new Promise((resolve) => setTimeout(resolve, this.#options.callMs));
    const value = randomUUID().slice(0, 8);
    this.notes.push({ kind: "effect", run, slot, key, value, given });
    return value;
  }

  #ask(run: string, slot: number): string | ReturnType<typeof notStarted> {
    const { idempotencyKey } = currentCall();
    const found = this.notes.find(({ kind, key }) => kind === "effect" && key === idempotencyKey);
    if (found === undefined) this.notes.push({ kind: "not-started", run, slot });
    return found === undefined ? notStarted() : String(found.value);
  }

  #noting(port: CommitPort): CommitPort {
    return {
      send: async (batch) => {
        const replies = await port.send(batch);
        for (const [index, group] of batch.entries()) this.#note(group, replies[index]);
        return replies;
      },
    };
  }

  #note(group: Group, reply: GroupReply | undefined): void {
    // A batch that was sent again says "same" of what it did the first time.
    if (group.kind !== "write" || (reply?.word !== "applied" && reply?.word !== "same")) return;
    for (const entry of group.entries) {
      if (entry.op === "settle") this.notes.push({ kind: "settled", run: group.runId, slot: -1 });
      if (entry.op !== "record" && entry.op !== "finalize") continue;
      const call = decodeCall(entry.slot, entry.bytes);
      const value = isSettled(call) ? msgpackCodec.decode(call.payload) : undefined;
      this.notes.push({ kind: "recorded", run: group.runId, slot: call.slot, value });
    }
  }
}

function isSettlement({ kind }: Note): boolean {
  return kind === "settled";
}

/** Enqueues runs of the load. */
export function enqueueLoad(
  client: Client,
  count: number,
  prefix = "run",
): Promise<RunHandle<string[]>[]> {
  const items = Array.from({ length: count }, (_, n) => ({ input: null, runId: `${prefix}-${n}` }));
  return client.enqueueMany(load, items);
}

/** What a history did that no run may do, one line each; empty is well. */
export function flawsOf(
  { notes }: Load,
  outputs: ReadonlyMap<string, readonly string[]>,
  { isLossy = false }: { readonly isLossy?: boolean } = {},
): string[] {
  const flaws: string[] = [];
  for (const [run, output] of outputs) {
    const own = notes.filter((note) => note.run === run);
    if (new Set(output).size !== output.length || output.length === 0)
      flaws.push(`S4 values that are not one for each call: ${run}`);
    if (!isLossy) flaws.push(...settledFlaws(run, own));
    for (const [slot, value] of output.entries()) {
      const of = own.filter((note) => note.slot === slot);
      flaws.push(...slotFlaws(of, value, isLossy).map((flaw) => `${flaw}: ${run}, slot ${slot}`));
    }
    if (!isLossy) flaws.push(...strays(run, own, output));
  }
  return flaws;
}

function settledFlaws(run: string, own: readonly Note[]): string[] {
  const settled = own.filter(isSettlement).length;
  return settled === 1 ? [] : [`S6 settled ${settled} times: ${run}`];
}

function slotFlaws(notes: readonly Note[], final: string, isLossy: boolean): string[] {
  const flaws: string[] = [];
  const of = (kind: Note["kind"]): Note[] => notes.filter((note) => note.kind === kind);
  const effects = of("effect");
  if (!effects.some(({ value }) => value === final)) flaws.push("S4 an outcome without an effect");
  for (const given of new Set(effects.map((effect) => effect.given))) {
    const keys = new Set(effects.filter((effect) => effect.given === given).map(({ key }) => key));
    if (keys.size !== 1) flaws.push(`S9 ${keys.size} idempotency keys`);
  }
  if (isLossy) return flaws;
  if (of("recorded").some(({ value }) => value !== final)) flaws.push("S1 recorded twice");
  const recordedAt = notes.findIndex(({ kind }) => kind === "recorded");
  const later = notes.slice(recordedAt + 1).filter(({ kind }) => kind === "begin");
  if (recordedAt >= 0 && later.length > 0) flaws.push("S2 executed after its record");
  const seenLater = notes.slice(recordedAt + 1).filter(({ kind }) => kind === "seen");
  if (seenLater.some(({ value }) => value !== final)) flaws.push("S4 seen differently");
  const isReconcilable = (notes[0]?.slot ?? 0) % 2 === 1;
  const verdicts = of("not-started").length;
  if (isReconcilable && of("begin").length > 1 + verdicts) flaws.push("S3 started twice");
  if (isReconcilable && effects.length !== 1) flaws.push(`S3 ${effects.length} effects`);
  return flaws;
}

/** Effects that followed from an outcome which the finished run does not know. */
function strays(run: string, own: readonly Note[], output: readonly string[]): string[] {
  return own
    .filter(({ kind, given }) => kind === "effect" && given !== "start")
    .filter(({ given }) => !output.includes(String(given)))
    .map(({ slot }) => `S4 an effect of an outcome that was lost: ${run}, slot ${slot}`);
}
