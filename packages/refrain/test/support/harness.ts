import { type RedisServer, type RedisServerOptions, startRedis } from "@refrain/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { pino } from "pino";
import {
  type Client,
  type ClientOptions,
  createClient,
  createWorker,
  type Worker,
  type WorkerEvent,
  type WorkerEvents,
  type WorkerOptions,
} from "refrain";
import { afterAll, afterEach, beforeAll } from "vitest";
import { aclArgs, refusals, urlOf } from "./acl.ts";

/** One line of a pino log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly run?: string;
  readonly action?: string;
  readonly attempt?: number;
  readonly [field: string]: unknown;
}

interface ObservedEvent {
  readonly type: WorkerEvent;
  readonly runId: string;
  readonly [field: string]: unknown;
}

export const WARN = 40;
export const SHORT_LOCKS = { lockDurationMs: 1000, stalledIntervalMs: 500 } as const;

const EVENTS: readonly WorkerEvent[] = [
  "attempt-started",
  "call-replayed",
  "call-reconciled",
  "outcome-unknown",
  "diverged",
  "fenced",
  "released",
  "settled",
  "rescued",
  "handle-unused",
  "non-durable-wait",
];

/** A worker under test, with all that it tells. */
export interface TestWorker extends Worker {
  readonly logs: LogLine[];
  readonly events: ObservedEvent[];
  /** Resolves at the next event of this type, or at one that came already. */
  event<E extends WorkerEvent>(
    type: E,
    is?: (event: WorkerEvents[E]) => boolean,
  ): Promise<WorkerEvents[E]>;
}

/**
 * A Redis server of its own for one test file, and clients and workers that end with each test. They may do there what the
 * package's acl/worker.acl allows, and nothing else: the file fails when one of them was refused anything.
 */
export class Harness {
  #server: RedisServer | undefined;
  #namespace = 0;
  readonly #closing: (() => Promise<unknown>)[] = [];

  constructor(options: RedisServerOptions = {}) {
    beforeAll(async () => {
      const args = [...aclArgs("worker"), ...(options.args ?? [])];
      this.#server = await startRedis({ ...options, args });
    });
    afterEach(async () => {
      for (const close of this.#closing.splice(0).toReversed()) await close();
      this.#namespace += 1;
    });
    afterAll(async () => {
      const refused = await refusals(this.server.url);
      await this.server.stop();
      if (refused.length > 0) throw new Error(`acl/worker.acl lacks: ${refused.join("; ")}`);
    });
  }

  get server(): RedisServer {
    if (this.#server === undefined) throw new Error("the server starts with the first test");
    return this.#server;
  }

  /** Where clients and workers connect: to this port of the server, or to that of a proxy. */
  url(port = this.server.port): string {
    return urlOf("worker", port);
  }

  /** Another one for each test. */
  get namespace(): string {
    return `t${this.#namespace}`;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const client = createClient({
      connection: this.url(),
      namespace: this.namespace,
      ...options,
    });
    this.#closing.push(() => client.close());
    return client;
  }

  /** A worker that is ready. */
  async worker(
    options: Partial<WorkerOptions> & Pick<WorkerOptions, "actions">,
  ): Promise<TestWorker> {
    const worker = this.startWorker(options);
    await worker.ready();
    return worker;
  }

  startWorker(options: Partial<WorkerOptions> & Pick<WorkerOptions, "actions">): TestWorker {
    const logs: LogLine[] = [];
    const write = (line: string): void => void logs.push(JSON.parse(line) as LogLine);
    const worker = createWorker({
      connection: this.url(),
      namespace: this.namespace,
      drainTimeoutMs: 2000,
      logger: pino({ level: "debug" }, { write }),
      ...options,
    });
    this.#closing.push(() => worker.close());
    return observe(worker, logs);
  }

  /** A connection for looking at what Redis holds. */
  redis(): Redis {
    const redis = new Redis(this.server.url, { maxRetriesPerRequest: null });
    this.#closing.push(async () => redis.disconnect());
    return redis;
  }

  /** A BullMQ queue of the test's namespace, for looking at its jobs. */
  queue(name = "default", shard = 0): Queue {
    const queue = new Queue(name, {
      connection: this.redis(),
      prefix: this.prefix(shard),
      skipMetasUpdate: true,
    });
    this.#closing.push(() => queue.close());
    return queue;
  }

  /** When BullMQ hands a delayed run's job out again, in Unix milliseconds; 0 for a job that is not delayed. */
  async dueAt(runId: string): Promise<number> {
    const score = await this.redis().zscore(`${this.prefix()}:default:delayed`, `run-${runId}`);
    // The lower 12 bits keep jobs of one millisecond in order.
    return Math.floor(Number(score) / 0x1000);
  }

  /** The BullMQ prefix of a shard of the test's namespace. */
  prefix(shard = 0): string {
    return `{${this.namespace}:${shard}}`;
  }

  defer(close: () => Promise<unknown>): void {
    this.#closing.push(close);
  }
}

function observe(worker: Worker, logs: LogLine[]): TestWorker {
  const events: ObservedEvent[] = [];
  const waiting = new Set<(event: ObservedEvent) => void>();
  for (const type of EVENTS) {
    worker.on(type, (told) => {
      const event: ObservedEvent = { ...told, type };
      events.push(event);
      for (const listener of waiting) listener(event);
    });
  }
  return {
    logs,
    events,
    on: (event, listener) => worker.on(event, listener),
    ready: () => worker.ready(),
    close: () => worker.close(),
    event: (type, is = () => true) =>
      new Promise((resolve) => {
        const listener = (event: ObservedEvent): void => {
          if (event.type !== type || !is(event as never)) return;
          waiting.delete(listener);
          resolve(event as never);
        };
        waiting.add(listener);
        for (const event of events) listener(event);
      }),
  };
}

/** A promise and how to settle it. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

export function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
