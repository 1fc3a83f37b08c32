import type { CommitPort, Group, GroupReply } from "../ports/commit.ts";
import type { ClaimReply, Delivery } from "../ports/store.ts";
import { type Clock, systemClock } from "../words/clock.ts";
import { ClaimRequest } from "./claim-request.ts";
import { type Answered, cutBatch, type Source } from "./cut-batch.ts";
import { Overlap } from "./overlap.ts";

export interface CommitQueueOptions {
  readonly clock?: Clock;
  /** Entries a batch holds at most. Default 512. */
  readonly maxEntries?: number;
  /** Payload bytes a batch holds at most, its last entry aside. Default 4 MiB. */
  readonly maxBytes?: number;
}

/** Each batch has a price of its own: with fewer groups, a second one waits for the reply of the first. */
const WORTH_A_SECOND = 8;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/**
 * Group commit: the claims and writes of all runs ride in batches, two under way at most; what arrives meanwhile forms the next. A
 * run's groups follow each other: each waits for the answer to the one before. When nothing is under way, a batch leaves at the
 * end of the present turn of the event loop.
 *
 * Half of a large one leaves a turn later: else its reply would bring all runs to their next write at once, and process and store
 * would take turns for ever, each waiting for the other. Where they would do so all the same, one is under way at a time.
 *
 * A store that is full gets the outcomes, settlements and releases at once, up to the first claim or append of each run; the
 * rest is offered again after a while, and again.
 */
export class CommitQueue {
  readonly #port: CommitPort;
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #sources: Source[] = [];
  #isScheduled = false;
  readonly #overlap = new Overlap();
  /** Whose groups each batch has that is under way. */
  readonly #underWay = new Set<readonly Source[]>();
  #isStoreFull = false;
  #fullInARow = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(port: CommitPort, options: CommitQueueOptions = {}) {
    this.#port = port;
    this.#clock = options.clock ?? systemClock;
    this.#maxEntries = options.maxEntries ?? 512;
    this.#maxBytes = options.maxBytes ?? 4 * 1024 * 1024;
  }

  /** Asks for a claim; the request rides in the next batch. Rejects with the store's definite refusal. */
  claim(delivery: Delivery): Promise<ClaimReply> {
    return new Promise((resolve, reject) => {
      const before = this.#writesOf(delivery.runId);
      const enqueue = (source: Source): void => this.#enqueue(source);
      enqueue(new ClaimRequest(delivery, before, enqueue, resolve, reject));
    });
  }

  /** Resolves when everything queued has its answer. */
  close(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  get #mostUnderWay(): number {
    return this.#overlap.isWorthwhile ? 2 : 1;
  }

  get #isIdle(): boolean {
    return this.#underWay.size === 0 && this.#sources.length === 0;
  }

  #enqueue(source: Source): void {
    this.#sources.push(source);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay.size >= this.#mostUnderWay) return;
    this.#isScheduled = true;
    this.#clock.turns.flush(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const isStoreFull = this.#isStoreFull;
    if (this.#underWay.size > 0 && this.#sources.length < WORTH_A_SECOND) return;
    const room = { entries: this.#maxEntries, bytes: this.#maxBytes, isStoreFull };
    const { groups, taken, left } = cutBatch(this.#sources, room, this.#mostGroups());
    this.#sources = left;
    // Those that are left wait for longer than a turn: for room, or for the answer to what is under way.
    if (groups.length === 0) return;
    const sent = this.#send(groups, taken);
    if (left.length > 0) this.#schedule();
    const isFull = await sent;
    if (isFull) this.#waitForRoom();
    else if (!isStoreFull && !this.#isStoreFull) this.#fullInARow = 0;
    if (this.#isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    if (this.#sources.length > 0) this.#schedule();
  }

  /** What there is of a run's writes, each as a question whether it has its answer. */
  #writesOf(runId: string): Answered[] {
    const found: Answered[] = [];
    for (const sources of [this.#sources, ...this.#underWay]) {
      for (const source of sources) {
        const writes = source.writesOf(runId);
        if (writes !== undefined) found.push(writes);
      }
    }
    return found;
  }

  #mostGroups(): number {
    const { length } = this.#sources;
    const isHalved = this.#overlap.isWorthwhile && this.#underWay.size === 0;
    return isHalved && length >= 2 * WORTH_A_SECOND ? Math.ceil(length / 2) : length;
  }

  /** @returns whether the store had no room for some of it */
  async #send(groups: readonly Group[], taken: readonly Source[]): Promise<boolean> {
    this.#underWay.add(taken);
    const sentAt = this.#clock.monotonic();
    this.#overlap.sent(sentAt);
    const replies = await this.#ask(groups);
    this.#overlap.answered(this.#clock.monotonic(), sentAt);
    let isFull = false;
    for (const [index, source] of taken.entries()) {
      const reply = replyAt(replies, index);
      if (reply.word === "full") isFull = true;
      source.answer(reply);
    }
    this.#underWay.delete(taken);
    return isFull;
  }

  #waitForRoom(): void {
    if (this.#isStoreFull) return;
    this.#isStoreFull = true;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#fullInARow, LONGEST_PAUSE_MS);
    this.#fullInARow += 1;
    this.#clock.timer(longest * (0.5 + Math.random() / 2), () => {
      this.#isStoreFull = false;
      if (this.#sources.length > 0) this.#schedule();
    });
  }

  async #ask(groups: readonly Group[]): Promise<readonly GroupReply[]> {
    try {
      return await this.#port.send(groups);
    } catch (error) {
      const refused: GroupReply = { word: "refused", error: asError(error) };
      return groups.map(() => refused);
    }
  }
}

function replyAt(replies: readonly GroupReply[], index: number): GroupReply {
  return (
    replies[index] ?? { word: "refused", error: new Error("the store left a group unanswered") }
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
