import {
  type Action,
  type ActionStateStore,
  type Clock,
  type Codec,
  definitionOf,
  type ErrorClasses,
  type Limits,
  type RunSnapshot,
} from "@refrain/core";
import type { Cluster, Redis } from "ioredis";
import type { Client, MixedItem } from "./client.ts";
import { prepareItems } from "./enqueue-items.ts";
import { checkEnqueueOptions, type EnqueueOptions } from "./enqueue-options.ts";
import { type EnqueueFailure, EnqueueManyError } from "./errors.ts";
import type { JobScript, SendScript } from "./job-connection.ts";
import { checkRunId } from "./job-id.ts";
import { type PreparedRun, prepareRun } from "./prepare-run.ts";
import { rebuildJobs } from "./rebuild-jobs.ts";
import { type RunHandle, type RunHandleParts, runHandle } from "./run-handle.ts";
import { RunQueues } from "./run-queues.ts";
import { serverTime } from "./server-time.ts";
import type { SettledHints } from "./settled-hints.ts";
import {
  type Home,
  type Submission,
  type Submitted,
  submitRuns,
  unsubmitted,
} from "./submit-runs.ts";

/** What a client is made of; `createClient` of the package `refrain` puts it together. */
export interface ClientParts {
  readonly store: ActionStateStore;
  /** The connection on which the store creates runs. */
  readonly redis: Redis | Cluster;
  /** The numbers of all shards, as they are now. */
  readonly shards: () => Promise<readonly number[]>;
  /** The only shard in which a run of this id can be created; undefined where the store must be asked. */
  readonly shardFor: (runId: string) => number | undefined;
  /** How the scripts that add jobs are sent on that connection. */
  readonly senderOf: (script: JobScript) => SendScript;
  /** The BullMQ prefix of a shard. */
  readonly prefixOf: (shard: number) => string;
  /** @throws TypeError on the name of a queue that cannot be. */
  readonly checkQueue: (name: string) => void;
  readonly codec: Codec;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly errors: ErrorClasses;
  readonly hints?: SettledHints;
  /** Resolves when Redis can be asked and fits; rejects soon, and with what to do, when it does not. */
  readonly reach: () => Promise<void>;
  /** The same for who creates and reopens runs: it rejects also when the user is known to lack a right for that. */
  readonly reachToWrite: () => Promise<void>;
  /** Closes what the parts above opened. */
  readonly close: () => Promise<void>;
}

const PART = 100;
/** That may be under way at a time. */
const MOST_PARTS = 5;
/** What workers have unless they are told otherwise; a client cannot know. */
const LOCK_DURATION_MS = 15_000;

const NO_ERRORS: ErrorClasses = {};

/** The `Client` over a store and BullMQ. */
export class RunClient implements Client {
  readonly #parts: ClientParts;
  readonly #queues: RunQueues;
  /** By the error classes of an action: its runs share them. */
  readonly #handleParts = new WeakMap<ErrorClasses, RunHandleParts>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    // The connection mends itself; what it cannot do, `reach` and the commands say.
    this.#queues = new RunQueues({ ...parts, onError: () => {} });
  }

  enqueue<I, O, P>(
    action: Action<I, O, P>,
    input: NoInfer<I>,
    options?: EnqueueOptions,
  ): Promise<RunHandle<O>>;
  async enqueue(
    action: object,
    input: unknown,
    options: EnqueueOptions = {},
  ): Promise<RunHandle<unknown>> {
    const definition = definitionOf(action);
    checkEnqueueOptions("enqueue", options);
    const prepared = await prepareRun(definition, input, options, this.#parts);
    const [submitted] = await this.#submit([prepared]);
    if (submitted?.kind === "refused") throw submitted.error;
    return this.#handleOf(prepared, submitted);
  }

  enqueueMany<I, O, P>(
    action: Action<I, O, P>,
    items: readonly ({ readonly input: NoInfer<I> } & EnqueueOptions)[],
  ): Promise<RunHandle<O>[]>;
  enqueueMany(items: readonly MixedItem[]): Promise<RunHandle<unknown>[]>;
  async enqueueMany(first: unknown, second?: unknown): Promise<RunHandle<unknown>[]> {
    const prepared = await prepareItems(first, second, this.#parts);
    const outcomes = await this.#submitAll(prepared);
    const handles: RunHandle<unknown>[] = [];
    const errors: EnqueueFailure[] = [];
    for (const [index, run] of prepared.entries()) {
      const submitted = outcomes[index];
      if (submitted?.kind !== "refused") handles.push(this.#handleOf(run, submitted));
      else errors.push({ index, error: submitted.error });
    }
    if (errors.length > 0) throw new EnqueueManyError(handles, errors);
    return handles;
  }

  run<I, O, P>(action: Action<I, O, P>, runId: string): RunHandle<O>;
  run(runId: string): RunHandle<unknown>;
  run(first: object | string, second?: string): RunHandle<unknown> {
    if (typeof first === "string") return this.#handle(checkRunId(first), false, NO_ERRORS);
    return this.#handle(checkRunId(second), false, definitionOf(first).errors);
  }

  async rebuild(): Promise<number> {
    const { store, shards, redis, reach } = this.#parts;
    await reach();
    return rebuildJobs({
      store,
      shards: await shards(),
      queueOf: (run) => this.#queues.queueOf(run.shard, run.queue),
      now: () => serverTime(redis),
      handOverMs: LOCK_DURATION_MS,
    });
  }

  async close(): Promise<void> {
    // Together: a queue that still connects learns from the end of its connection that it need not.
    await Promise.all([this.#queues.close(), this.#parts.close()]);
  }

  /** In parts, a turn of the event loop between them: answers are taken in while the server works at the next part. */
  async #submitAll(runs: readonly PreparedRun[]): Promise<Submitted[]> {
    const { reachToWrite, clock } = this.#parts;
    // What keeps everything from being sent is no run's failure.
    await reachToWrite();
    const underWay: Promise<readonly Submitted[]>[] = [];
    const outcomes: Submitted[] = [];
    for (let from = 0; from < runs.length; from += PART) {
      const part = runs.slice(from, from + PART);
      const sent = this.#submit(part);
      underWay.push(sent.catch((error: unknown) => part.map((run) => unsubmitted(run, error))));
      await new Promise<void>((resolve) => clock.turns.flush(resolve));
      if (underWay.length === MOST_PARTS) outcomes.push(...((await underWay.shift()) ?? []));
    }
    for (const part of underWay) outcomes.push(...(await part));
    return outcomes;
  }

  async #submit(runs: readonly PreparedRun[]): Promise<Submitted[]> {
    await this.#parts.reachToWrite();
    const { store, shardFor } = this.#parts;
    const open = (shard: number, name: string) => this.#queues.open(shard, name);
    const homes = new Map<string, Home>();
    const submissions: Submission[] = [];
    for (const prepared of runs) {
      const { runId, queue: name } = prepared.run;
      const shard = shardFor(runId);
      const key = `${shard} ${name}`;
      let expected = homes.get(key);
      if (shard !== undefined && expected === undefined) {
        expected = { shard, queue: await open(shard, name) };
        homes.set(key, expected);
      }
      submissions.push({ prepared, expected });
    }
    return submitRuns(store, submissions, open);
  }

  #handleOf({ run, errors }: PreparedRun, submitted: Submitted | undefined): RunHandle<unknown> {
    return this.#handle(run.runId, submitted?.kind === "created", errors);
  }

  #handle(runId: string, isCreated: boolean, errors: ErrorClasses): RunHandle<unknown> {
    let parts = this.#handleParts.get(errors);
    if (parts === undefined) {
      const { store, codec, clock, hints, reach, reachToWrite } = this.#parts;
      const queueOf = (run: RunSnapshot) => this.#queues.queueOf(run.shard, run.queue);
      const known = { ...this.#parts.errors, ...errors };
      parts = { store, codec, clock, hints, reach, reachToWrite, queueOf, errors: known };
      this.#handleParts.set(errors, parts);
    }
    return runHandle(runId, isCreated, parts);
  }
}
