import type { CommitPort, Group, GroupReply } from "../ports/commit.ts";
import type { ClaimReply, Delivery } from "../ports/store.ts";
import { type Clock, systemClock } from "../words/clock.ts";
import { ClaimRequest, type Source } from "./queued-claim.ts";

export interface CommitQueueOptions {
  readonly clock?: Clock;
  /** Entries a batch holds at most. Default 512. */
  readonly maxEntries?: number;
  /** Payload bytes a batch holds at most, its last entry aside. Default 4 MiB. */
  readonly maxBytes?: number;
}

/**
 * Group commit: the claims and writes of all runs ride in one batch at a time; what arrives meanwhile forms the next.
 * When nothing is under way, a batch leaves at the end of the present turn of the event loop.
 */
export class CommitQueue {
  readonly #port: CommitPort;
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #sources: Source[] = [];
  #isScheduled = false;
  #isInFlight = false;
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
      this.#enqueue(new ClaimRequest(delivery, (source) => this.#enqueue(source), resolve, reject));
    });
  }

  /** Resolves when everything queued has its answer. */
  close(): Promise<void> {
    if (!this.#isInFlight && this.#sources.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #enqueue(source: Source): void {
    this.#sources.push(source);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isInFlight) return;
    this.#isScheduled = true;
    this.#clock.turns.flush(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const { groups, taken, left } = cutBatch(this.#sources, this.#maxEntries, this.#maxBytes);
    this.#sources = left;
    if (groups.length > 0) await this.#send(groups, taken);
    if (this.#sources.length > 0) this.#schedule();
    else for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #send(groups: readonly Group[], taken: readonly Source[]): Promise<void> {
    this.#isInFlight = true;
    const replies = await this.#ask(groups);
    this.#isInFlight = false;
    for (const [index, source] of taken.entries()) source.answer(replyAt(replies, index));
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

/** Takes groups in order of arrival until the batch is full; every source gives one group at most. */
function cutBatch(
  sources: readonly Source[],
  maxEntries: number,
  maxBytes: number,
): { groups: Group[]; taken: Source[]; left: Source[] } {
  const groups: Group[] = [];
  const taken: Source[] = [];
  const left: Source[] = [];
  let entries = 0;
  let bytes = 0;
  for (const source of sources) {
    if (entries >= maxEntries || bytes >= maxBytes) {
      left.push(source);
      continue;
    }
    const part = source.take(maxEntries - entries, maxBytes - bytes);
    if (part === undefined) continue;
    entries += part.entries;
    bytes += part.bytes;
    groups.push(part.group);
    taken.push(source);
    if (part.hasMore) left.push(source);
  }
  return { groups, taken, left };
}

function replyAt(replies: readonly GroupReply[], index: number): GroupReply {
  return (
    replies[index] ?? { word: "refused", error: new Error("the store left a group unanswered") }
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
