/*
 * Every key there is. A shard s of namespace ns is one hash tag, {ns:s}: its runs and its BullMQ queues live and fail
 * together, and one script may touch several of them.
 *
 *   {ns:s}:run:<id>         hash     a run; <id> is the run id, percent-encoded
 *   {ns:s}:run:<id>:calls   hash     slot -> stored call, and the run's fence; absent without calls
 *   {ns:s}:live             zset     ids of the runs that are not settled, by creation time
 *   {ns:s}:shards           string   by which number of shards this one takes new runs; absent in a namespace that never grew
 *   {ns:s}:settled          channel  hears which runs settle
 *   {ns:s}:rescuer          string   the worker that looks for lost jobs of the shard, as long as its lease lasts
 *   {ns:0}:ack              string   touched where writes are waited for, gone an hour later
 *   {ns:0}:layout           hash     version and shards of this namespace, and what growing has left there
 *   {ns:s}:<queue>:*        BullMQ's own, with {ns:s} as its prefix
 *
 * docs/redis-layout.md describes fields and bytes.
 */

export interface RunKeys {
  readonly run: string;
  readonly calls: string;
}

/** The names of one shard's keys. */
export class ShardKeys {
  readonly shard: number;
  /** What BullMQ takes as `prefix`. */
  readonly prefix: string;
  readonly live: string;
  readonly settled: string;
  readonly rescuer: string;
  readonly shards: string;

  constructor(namespace: string, shard: number) {
    this.shard = shard;
    this.prefix = `{${namespace}:${shard}}`;
    this.live = `${this.prefix}:live`;
    this.settled = `${this.prefix}:settled`;
    this.rescuer = `${this.prefix}:rescuer`;
    this.shards = `${this.prefix}:shards`;
  }

  of(runId: string): RunKeys {
    const id = isPlain(runId) ? runId : encodeURIComponent(runId);
    const run = `${this.prefix}:run:${id}`;
    return { run, calls: `${run}:calls` };
  }

  /** Matches the keys of runs and, among them, those of their calls. */
  get everyRun(): string {
    return `${this.prefix}:run:*`;
  }
}

/** Whether encoding a run id would change nothing: most are so, and asking takes a third of the time. */
function isPlain(runId: string): boolean {
  return /^[\w.!~*'()-]*$/.test(runId);
}

export function layoutKey(namespace: string): string {
  return `{${namespace}:0}:layout`;
}

export function ackKey(namespace: string): string {
  return `{${namespace}:0}:ack`;
}

const MAX_RUN_ID_BYTES = 255;

/** @throws TypeError on what cannot be a run id: it must be 1 to 255 bytes of well-formed text. */
export function checkRunId(runId: string): void {
  if (runId === "") throw new TypeError("a run id must not be empty");
  const bytes = Buffer.byteLength(runId);
  if (bytes > MAX_RUN_ID_BYTES) {
    const start = JSON.stringify(runId.slice(0, 40));
    throw new TypeError(
      `a run id has at most ${MAX_RUN_ID_BYTES} bytes as UTF-8; ${start}… has ${bytes}`,
    );
  }
  if (/\p{Surrogate}/u.test(runId)) {
    throw new TypeError(
      `a run id must be well-formed text; ${JSON.stringify(runId)} has half a character`,
    );
  }
}

/** @throws TypeError on what cannot be a namespace: it goes into keys as it is. */
export function checkNamespace(namespace: string): void {
  if (/^[\w.-]{1,128}$/.test(namespace)) return;
  throw new TypeError(
    `a namespace has letters, digits, "_", "-" and ".", at most 128 of them, unlike ${JSON.stringify(namespace)}`,
  );
}

/** Queues of these names would share keys with runs. */
export const reservedQueueNames: ReadonlySet<string> = new Set([
  "run",
  "live",
  "settled",
  "rescuer",
  "shards",
  "layout",
  "ack",
]);

/** @throws TypeError on a queue name whose keys are taken. */
export function checkQueueName(queue: string): void {
  if (!reservedQueueNames.has(queue)) return;
  const taken = [...reservedQueueNames].join(", ");
  throw new TypeError(
    `a queue cannot be named "${queue}": ${taken} are Refrain's own keys; choose another name`,
  );
}
