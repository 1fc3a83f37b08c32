import { type Group, type GroupReply, type JournalEntry, startsCall } from "../ports/commit.ts";
import type { Claim, Delivery, Settlement } from "../ports/store.ts";
import { encodeCall } from "../words/call-bytes.ts";
import type { CallResult, PendingCall, SettledCall } from "../words/call-result.ts";
import { ClaimLostError } from "../words/errors.ts";
import { type Answered, NOT_YET, type Part, type Room, type Source } from "./cut-batch.ts";

interface Waiter {
  readonly target: number;
  readonly acknowledged: () => void;
  readonly lost?: (error: Error) => void;
}

/** A claim whose writes ride in batches. It numbers its groups, and knows how far the store has acknowledged them. */
export class QueuedClaim implements Claim, Source {
  readonly runId: string;
  readonly epoch: number;
  readonly #nonce: string;
  readonly #enqueue: (source: Source) => void;
  #entries: JournalEntry[] = [];
  #n = 0;
  /** From when it asks for a place in a batch until its group has its answer. */
  #isQueued = false;
  #inFlight: readonly JournalEntry[] = [];
  #written = 0;
  #acknowledged = 0;
  #waiters: Waiter[] = [];
  #error: Error | undefined;
  #onLost: ((error: Error) => void) | undefined;

  constructor(delivery: Delivery, epoch: number, enqueue: (source: Source) => void) {
    this.runId = delivery.runId;
    this.epoch = epoch;
    this.#nonce = delivery.nonce;
    this.#enqueue = enqueue;
  }

  append(call: PendingCall): void {
    this.#writeCall("append", call);
  }

  finalize(call: SettledCall): void {
    this.#writeCall("finalize", call);
  }

  record(call: SettledCall): void {
    this.#writeCall("record", call);
  }

  clear(from: number, to: number): void {
    this.#write({ op: "clear", from, to });
  }

  settle(settlement: Settlement): void {
    this.#write({ op: "settle", settlement });
  }

  release(unknownAsks: number): void {
    this.#write({ op: "release", unknownAsks });
  }

  get isAcknowledged(): boolean {
    return this.#acknowledged === this.#written && this.#error === undefined;
  }

  acknowledged(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#acknowledged === this.#written) return Promise.resolve();
    const target = this.#written;
    const promise = new Promise<void>((acknowledged, lost) => {
      this.#waiters.push({ target, acknowledged, lost });
    });
    // Whoever never looks learns of the loss through onLost.
    promise.catch(() => {});
    return promise;
  }

  onAcknowledged(listener: () => void): void {
    if (this.isAcknowledged) return listener();
    if (this.#error === undefined) {
      this.#waiters.push({ target: this.#written, acknowledged: listener });
    }
  }

  onLost(listener: (error: Error) => void): void {
    this.#onLost = listener;
    if (this.#error !== undefined) listener(this.#error);
  }

  take(room: Room): Part | typeof NOT_YET {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (count >= room.entries || (count > 0 && bytes >= room.bytes)) break;
      if (room.isStoreFull && startsCall(entry)) break;
      count += 1;
      bytes += sizeOf(entry);
    }
    const hasMore = count < this.#entries.length;
    if (count === 0) return NOT_YET;
    const entries = hasMore ? this.#entries.slice(0, count) : this.#entries;
    this.#entries = hasMore ? this.#entries.slice(count) : [];
    this.#n += 1;
    this.#inFlight = entries;
    const group: Group = {
      kind: "write",
      runId: this.runId,
      nonce: this.#nonce,
      n: this.#n,
      entries,
    };
    return { group, entries: count, bytes };
  }

  answer(reply: GroupReply): void {
    this.#isQueued = false;
    switch (reply.word) {
      case "applied":
      case "same":
        this.#queueUp();
        this.#acknowledged += this.#inFlight.length;
        while ((this.#waiters[0]?.target ?? Number.POSITIVE_INFINITY) <= this.#acknowledged) {
          this.#waiters.shift()?.acknowledged();
        }
        return;
      case "full":
        return this.#takeBack();
      case "fenced":
      case "gap":
        return this.#lose(new ClaimLostError(reply.word, lostMessage(this.runId, reply.word)));
      case "refused":
        return this.#lose(reply.error);
      case "claimed":
      case "settled":
      case "stale":
      case "foreign":
      case "missing":
        return this.#lose(new Error(`the store answered a write with "${reply.word}"`));
    }
  }

  writesOf(runId: string): Answered | undefined {
    if (runId !== this.runId) return undefined;
    const target = this.#written;
    return () => this.#acknowledged >= target || this.#error !== undefined;
  }

  #writeCall(op: "append" | "finalize" | "record", call: CallResult): void {
    this.#write({ op, slot: call.slot, bytes: encodeCall(call) });
  }

  #write(entry: JournalEntry): void {
    if (this.#error !== undefined) return;
    this.#entries.push(entry);
    this.#written += 1;
    this.#queueUp();
  }

  /** One group is under way at a time: the next waits for its answer. */
  #queueUp(): void {
    if (this.#isQueued || this.#entries.length === 0) return;
    this.#isQueued = true;
    this.#enqueue(this);
  }

  /** Nobody has seen the group: its number and its entries are free for the next, which may be cut elsewhere. */
  #takeBack(): void {
    this.#n -= 1;
    this.#entries = [...this.#inFlight, ...this.#entries];
    this.#queueUp();
  }

  #lose(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#entries = [];
    for (const waiter of this.#waiters.splice(0)) waiter.lost?.(error);
    this.#onLost?.(error);
  }
}

function sizeOf(entry: JournalEntry): number {
  if (entry.op === "settle") return entry.settlement.payload.byteLength;
  return "bytes" in entry ? entry.bytes.byteLength : 0;
}

function lostMessage(runId: string, reason: "fenced" | "gap"): string {
  if (reason === "fenced") return `run ${runId}: another attempt owns the run by now`;
  return `run ${runId}: the store no longer holds writes it had acknowledged (a crash or a failover lost them)`;
}
