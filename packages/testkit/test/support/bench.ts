import { randomBytes } from "node:crypto";
import {
  type ActionStateStore,
  type AttemptEnd,
  type AttemptEvent,
  type CallResult,
  type Claim,
  type ClaimedRun,
  type Clock,
  type DurableContext,
  decodeCall,
  defineAction,
  type ErrorClasses,
  type Implementation,
  type ImplementOptions,
  implementationOf,
  msgpackCodec,
  placeInRun,
  type RunSnapshot,
  reviveError,
  runAction,
} from "@refrain/core";
import type { RefusingPort } from "../../src/ports/faulty-ports.ts";
import type { RecordedOp, RecordingPort } from "../../src/ports/recording-port.ts";
import { type Seed, seedJournal } from "./seeds.ts";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

export interface RunOptions {
  readonly runId?: string;
  readonly input?: unknown;
  /** What an earlier attempt left behind; slots count from 0. */
  readonly journal?: readonly Seed[];
  readonly clock?: Clock;
  readonly errors?: ErrorClasses;
  readonly limits?: Parameters<typeof runAction>[0]["limits"];
  /** Called with the attempt as soon as it runs. */
  readonly onAttempt?: (attempt: ReturnType<typeof runAction>) => void;
}

/** How one attempt went. */
export interface Report {
  readonly runId: string;
  readonly end: AttemptEnd;
  readonly events: readonly AttemptEvent[];
  /** The journal writes of this attempt, in order; `settle` and `release` left out. */
  readonly ops: readonly RecordedOp[];
  /** The journal as the attempt left it, before settling dropped anything. */
  readonly calls: readonly CallResult[];
  /** The run as the store shows it afterwards. */
  readonly run: RunSnapshot;
  readonly output: unknown;
  readonly error: unknown;
}

export interface BenchPorts {
  readonly recording: RecordingPort;
  readonly refusing: RefusingPort;
}

/** Runs actions on one store, attempt by attempt, without a queue. */
export class Bench {
  readonly store: ActionStateStore;
  readonly port: RecordingPort;
  readonly refusing: RefusingPort;
  #deliveries = 0;

  constructor(store: ActionStateStore, ports: BenchPorts) {
    this.store = store;
    this.port = ports.recording;
    this.refusing = ports.refusing;
  }

  /** Creates a run, gives it a journal if asked to, and runs one attempt to its end. */
  async run(implementation: Implementation, options: RunOptions = {}): Promise<Report> {
    const runId = await this.create(implementation, options);
    if (options.journal !== undefined) {
      const { claim } = await this.claim(implementation, runId);
      seedJournal(claim, options.journal);
      claim.release(0);
      await claim.acknowledged();
    }
    return this.attempt(implementation, runId, options);
  }

  /** Creates a run; one that is there already is left as it is. */
  async create(implementation: Implementation, options: RunOptions = {}): Promise<string> {
    const { runId = `run-${randomId()}`, input } = options;
    const { definition } = implementationOf(implementation);
    await this.store.create({
      runId,
      action: definition.name,
      version: definition.version,
      queue: definition.queue,
      input: msgpackCodec.encode(input),
      inputDigest: JSON.stringify(input) ?? "",
      requestId: randomId(),
    });
    return runId;
  }

  /** Delivers an existing run once more and runs that attempt to its end. */
  async attempt(
    implementation: Implementation,
    runId: string,
    options: RunOptions = {},
  ): Promise<Report> {
    const { claim, run } = await this.claim(implementation, runId);
    this.port.forget(runId);
    const events: AttemptEvent[] = [];
    const { clock, errors, limits } = options;
    const attempt = runAction({
      claim,
      run,
      implementation: implementationOf(implementation),
      observer: (event) => events.push(event),
      clock,
      errors,
      limits,
    });
    options.onAttempt?.(attempt);
    const end = await attempt.done;
    return this.#report(run, end, events, options.errors ?? {});
  }

  async claim(
    implementation: Implementation,
    runId: string,
  ): Promise<{ claim: Claim; run: ClaimedRun }> {
    this.#deliveries += 1;
    const { definition } = implementationOf(implementation);
    const reply = await this.store.claim({
      runId,
      action: definition.name,
      queue: definition.queue,
      nonce: randomId(),
      jobTimestamp: 1_900_000_000_000,
      attemptsStarted: this.#deliveries,
      incarnation: 0,
    });
    if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
    return reply;
  }

  async read(runId: string): Promise<RunSnapshot> {
    const run = await this.store.read(runId);
    if (run === undefined) throw new Error(`run ${runId} is not there`);
    return run;
  }

  async #report(
    claimed: ClaimedRun,
    end: AttemptEnd,
    events: readonly AttemptEvent[],
    errors: ErrorClasses,
  ): Promise<Report> {
    const run = await this.read(claimed.runId);
    const { outcome } = run;
    return {
      runId: claimed.runId,
      end,
      events,
      ops: this.port.ops(claimed.runId).filter((op) => op !== "settle" && op !== "release"),
      calls: this.#journalAfter(claimed),
      run,
      output: outcome?.status === "SUCCEEDED" ? msgpackCodec.decode(outcome.payload) : undefined,
      error:
        outcome?.status === "FAILED"
          ? reviveError(outcome.payload, msgpackCodec, somewhere, errors)
          : undefined,
    };
  }

  #journalAfter({ runId, calls }: ClaimedRun): CallResult[] {
    const slots = new Map(calls.map((call) => [call.slot, call]));
    for (const entry of this.port.entries(runId)) {
      if ("bytes" in entry) slots.set(entry.slot, decodeCall(entry.slot, entry.bytes));
      if (entry.op !== "clear") continue;
      for (const slot of slots.keys()) {
        if (slot >= entry.from && slot <= entry.to) slots.delete(slot);
      }
    }
    return [...slots.values()].toSorted((a, b) => a.slot - b.slot);
  }
}

/** An implementation of a fresh action around a handler. */
export function actionOf(
  handler: (ctx: DurableContext, input: never) => unknown,
  options: ImplementOptions & { readonly errors?: ErrorClasses } = {},
): Implementation {
  const { errors = {}, ...implementOptions } = options;
  return defineAction<never, unknown>({ name: "an-action", errors }).implement(
    handler,
    implementOptions,
  );
}

/** What a recorded call holds, decoded. */
export function valueOf(call: CallResult | undefined): unknown {
  if (call?.status === "SUCCEEDED") return msgpackCodec.decode(call.payload);
  if (call?.status === "FAILED") return reviveError(call.payload, msgpackCodec, somewhere, {});
  return undefined;
}

function randomId(): string {
  return randomBytes(12).toString("hex");
}
