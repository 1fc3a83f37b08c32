import type { Group, GroupReply, JournalEntry } from "../ports/commit.ts";
import type {
  ClaimedRun,
  Delivery,
  LiveRun,
  NewRun,
  Reopening,
  RunOutcome,
  RunSnapshot,
  RunStatus,
} from "../ports/store.ts";
import { decodeCall, encodeCall } from "../words/call-bytes.ts";
import type { SerializationError } from "../words/errors.ts";
import type { ReopenedCall } from "../words/reopened-calls.ts";

/** There is one. */
export const SHARD = 0;

/** How many nonces and job timestamps a run remembers that it moved on from. */
const REMEMBERED = 16;

type WriteGroup = Group & { readonly kind: "write" };

/** One run as a store keeps it, with the rules that every store follows. Each method is one atomic transition. */
export class MemoryRun {
  readonly #new: NewRun;
  readonly #createdAt: number;
  readonly #calls = new Map<number, Uint8Array>();
  readonly #reopenings: string[] = [];
  #status: RunStatus = "QUEUED";
  #generation = 0;
  #reopened: readonly ReopenedCall[] = [];
  #epoch = 0;
  #v = 0;
  #nonce: string | undefined;
  #n = 0;
  #jobTimestamp: number | undefined;
  #attemptsStarted = 0;
  #incarnation = 0;
  #pastNonces: string[] = [];
  #pastTimestamps: number[] = [];
  #clears = 0;
  #suspect = 0;
  #unknownAsks = 0;
  #outcome: RunOutcome | undefined;
  #settledAt: number | undefined;
  #expiresAt: number | undefined;

  constructor(run: NewRun, createdAt: number) {
    this.#new = run;
    this.#createdAt = createdAt;
  }

  get isLive(): boolean {
    return this.#outcome === undefined;
  }

  isExpired(now: number): boolean {
    return this.#expiresAt !== undefined && this.#expiresAt <= now;
  }

  isSettledBefore(time: number): boolean {
    return this.#settledAt !== undefined && this.#settledAt < time;
  }

  /** Answers an enqueue of this run's id. */
  compare(run: NewRun): "created" | "existing" | "conflict" {
    if (run.requestId === this.#new.requestId) return "created";
    const isSame = run.action === this.#new.action && run.inputDigest === this.#new.inputDigest;
    return isSame ? "existing" : "conflict";
  }

  get origin(): NewRun {
    return this.#new;
  }

  claim(delivery: Delivery): GroupReply {
    const { action, queue } = this.#new;
    if (delivery.action !== action || delivery.queue !== queue) {
      return { word: "foreign", action, queue };
    }
    if (this.#outcome !== undefined) return { word: "settled", outcome: this.#outcome };
    const isResent = delivery.nonce === this.#nonce && this.#status === "RUNNING";
    if (!isResent) {
      if (this.#isStale(delivery)) return { word: "stale" };
      this.#take(delivery);
    }
    return { word: "claimed", run: this.#claimed() };
  }

  #isStale(delivery: Delivery): boolean {
    const { nonce, jobTimestamp, attemptsStarted, incarnation } = delivery;
    if (nonce === this.#nonce || this.#pastNonces.includes(nonce)) return true;
    // Of two jobs the one that was added later is newer, whatever its clock said.
    if (incarnation !== this.#incarnation) return incarnation < this.#incarnation;
    if (this.#pastTimestamps.includes(jobTimestamp)) return true;
    return jobTimestamp === this.#jobTimestamp && attemptsStarted < this.#attemptsStarted;
  }

  #take(delivery: Delivery): void {
    if (this.#nonce !== undefined)
      this.#pastNonces = [this.#nonce, ...this.#pastNonces].slice(0, REMEMBERED);
    if (this.#jobTimestamp !== undefined && this.#jobTimestamp !== delivery.jobTimestamp) {
      this.#pastTimestamps = [this.#jobTimestamp, ...this.#pastTimestamps].slice(0, REMEMBERED);
    }
    this.#status = "RUNNING";
    this.#epoch += 1;
    this.#v += 1;
    this.#suspect += 1;
    this.#nonce = delivery.nonce;
    this.#n = 0;
    this.#jobTimestamp = delivery.jobTimestamp;
    this.#attemptsStarted = delivery.attemptsStarted;
    this.#incarnation = delivery.incarnation;
  }

  #claimed(): ClaimedRun {
    const { runId, action, version, input } = this.#new;
    return {
      runId,
      action,
      version,
      input,
      generation: this.#generation,
      epoch: this.#epoch,
      createdAt: this.#createdAt,
      reopened: this.#reopened,
      ...this.#readable(),
      journalBytes: this.#bytes(),
      clears: this.#clears,
      suspect: this.#suspect,
      unknownAsks: this.#unknownAsks,
    };
  }

  write(group: WriteGroup, now: number): GroupReply {
    if (group.nonce !== this.#nonce) return { word: "fenced" };
    if (group.n <= this.#n) return { word: "same" };
    if (this.#status !== "RUNNING") return { word: "fenced" };
    if (group.n > this.#n + 1) return { word: "gap" };
    this.#n = group.n;
    this.#v += 1;
    this.#suspect = 0;
    for (const entry of group.entries) this.#apply(entry, now);
    return { word: "applied" };
  }

  #apply(entry: JournalEntry, now: number): void {
    switch (entry.op) {
      case "append":
      case "finalize":
      case "record":
        this.#calls.set(entry.slot, entry.bytes);
        break;
      case "clear":
        for (let slot = entry.from; slot <= entry.to; slot += 1) this.#calls.delete(slot);
        this.#clears += 1;
        break;
      case "release":
        this.#status = "QUEUED";
        this.#unknownAsks = entry.unknownAsks;
        break;
      case "settle": {
        const { retentionMs, ...outcome } = entry.settlement;
        this.#status = outcome.status;
        this.#outcome = outcome;
        this.#settledAt = now;
        this.#expiresAt = now + retentionMs;
        if (outcome.status === "SUCCEEDED") this.#calls.clear();
        break;
      }
    }
  }

  reopen({ requestId, v, call, reopened }: Reopening): "reopened" | "moved" {
    if (this.#reopenings.includes(requestId)) return "reopened";
    if (this.#status !== "FAILED" || this.#v !== v) return "moved";
    this.#reopenings.unshift(requestId);
    this.#reopenings.splice(REMEMBERED);
    if (call !== undefined) this.#calls.set(call.slot, encodeCall(call));
    this.#reopened = reopened;
    this.#status = "QUEUED";
    this.#generation += 1;
    this.#v += 1;
    this.#clears = 0;
    this.#unknownAsks = 0;
    this.#outcome = undefined;
    this.#settledAt = undefined;
    this.#expiresAt = undefined;
    return "reopened";
  }

  snapshot(withCalls: boolean): RunSnapshot {
    const { runId, action, version, queue, input } = this.#new;
    return {
      runId,
      shard: SHARD,
      action,
      version,
      queue,
      input,
      status: this.#status,
      generation: this.#generation,
      incarnation: this.#incarnation,
      epoch: this.#epoch,
      v: this.#v,
      createdAt: this.#createdAt,
      ...this.#timing(),
      settledAt: this.#settledAt,
      outcome: this.#outcome,
      calls: withCalls ? this.#decoded() : [],
      reopened: this.#reopened,
    };
  }

  liveRun(): LiveRun {
    const { runId, action, version, queue } = this.#new;
    return {
      runId,
      shard: SHARD,
      action,
      version,
      queue,
      isRunning: this.#status === "RUNNING",
      incarnation: this.#incarnation,
      createdAt: this.#createdAt,
      ...this.#timing(),
    };
  }

  #timing(): Pick<LiveRun, "notBefore" | "priority"> {
    const { delayMs, priority } = this.#new;
    return { notBefore: delayMs === undefined ? undefined : this.#createdAt + delayMs, priority };
  }

  #readable(): Pick<ClaimedRun, "calls" | "unreadable"> {
    try {
      return { calls: this.#decoded() };
    } catch (error) {
      return { calls: [], unreadable: error as SerializationError };
    }
  }

  #decoded(): ClaimedRun["calls"] {
    return [...this.#calls]
      .toSorted(([a], [b]) => a - b)
      .map(([slot, bytes]) => decodeCall(slot, bytes));
  }

  #bytes(): number {
    let bytes = 0;
    for (const call of this.#calls.values()) bytes += call.byteLength;
    return bytes;
  }
}
