import { inspect, isDeepStrictEqual } from "node:util";
import type { CommitPort, Group, GroupReply } from "@refrain/core";

/** Reads a run as it stands, so that two moments can be compared. */
export type Snapshot = (runId: string) => Promise<unknown>;

/**
 * Sends copies of batches, as a connection does that was cut and re-sends what it has no reply to. Every copy must answer
 * that it is one, and change nothing; what does not is described in `flaws`. Batches go one at a time: what another one
 * writes meanwhile would look like a change by the copy.
 */
abstract class CopyingPort implements CommitPort {
  /** One line for each copy that had an effect or was answered as if it were new. */
  readonly flaws: string[] = [];
  /** Copies sent so far. A test none of whose batches was copied proves nothing. */
  copies = 0;
  protected readonly port: CommitPort;
  readonly #snapshot: Snapshot;
  #last: Promise<unknown> = Promise.resolve();

  constructor(port: CommitPort, snapshot: Snapshot) {
    this.port = port;
    this.#snapshot = snapshot;
  }

  send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const sent = this.#last.then(() => this.sendAlone(batch));
    this.#last = sent.catch(() => {});
    return sent;
  }

  protected abstract sendAlone(batch: readonly Group[]): Promise<readonly GroupReply[]>;

  protected async copy(
    batch: readonly Group[],
    flawOf: (group: Group, index: number, reply: GroupReply) => string | undefined,
  ): Promise<readonly GroupReply[]> {
    this.copies += 1;
    const runIds = [...new Set(batch.map(runIdOf))];
    const before = await this.#read(runIds);
    const replies = await this.port.send(batch);
    const after = await this.#read(runIds);
    for (const [index, group] of batch.entries()) {
      const reply = replies[index];
      const flaw = reply === undefined ? "no answer" : flawOf(group, index, reply);
      if (flaw !== undefined) this.flaws.push(`a copy of ${describe(group)}: ${flaw}`);
    }
    for (const runId of runIds) {
      const [old, now] = [before.get(runId), after.get(runId)];
      // A run whose retention is over goes by itself.
      if (isDeepStrictEqual(old, now) || (old !== undefined && now === undefined)) continue;
      this.flaws.push(
        `${describeAll(batch, runId)}, copied, changed ${inspect(old)} to ${inspect(now)}`,
      );
    }
    return replies;
  }

  async #read(runIds: readonly string[]): Promise<Map<string, unknown>> {
    const read = runIds.map(async (runId) => {
      const run = await this.#snapshot(runId).catch((error: unknown) => String(error));
      return [runId, run] as const;
    });
    return new Map(await Promise.all(read));
  }
}

/** Every batch is sent twice, and what the second copy answers is what the sender sees. */
export class RepeatingPort extends CopyingPort {
  protected async sendAlone(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const sentAt = performance.now();
    const first = await this.port.send(batch);
    if (!isWhole(first)) return first;
    const tooLate = new Set<number>();
    const copied = await this.copy(batch, (group, index, reply) => {
      if (reply.word === "fenced" && isGoneAfter(performance.now() - sentAt, group)) {
        tooLate.add(index);
        return undefined;
      }
      const expected = wordOfRepeat(first[index]);
      const isRight = reply.word === expected && epochOf(reply) === epochOf(first[index]);
      return isRight ? undefined : `"${reply.word}" after "${first[index]?.word}"`;
    });
    return copied.map((reply, index) => (tooLate.has(index) ? (first[index] ?? reply) : reply));
  }
}

/** Whether a group settled its run for less time than has passed since: then there may be no run that its copy could meet. */
function isGoneAfter(passedMs: number, group: Group): boolean {
  if (group.kind !== "write") return false;
  // A server's clock counts in whole milliseconds.
  return group.entries.some(
    (entry) => entry.op === "settle" && entry.settlement.retentionMs <= passedMs + 1,
  );
}

interface Sent {
  readonly batch: readonly Group[];
  readonly replies: readonly GroupReply[];
}

/**
 * Copies of old batches arrive late: one and three batches later, and all of a run's batches after another claim of that
 * run. `sendAll` sends everything once more.
 */
export class LatePort extends CopyingPort {
  readonly #sent: Sent[] = [];
  readonly #owner = new Map<string, string>();

  protected async sendAlone(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const replies = await this.port.send(batch);
    for (const [index, group] of batch.entries()) {
      if (group.kind !== "claim" || replies[index]?.word !== "claimed") continue;
      this.#owner.set(group.delivery.runId, group.delivery.nonce);
    }
    const claimed = new Set(batch.filter((group) => group.kind === "claim").map(runIdOf));
    const late = this.#sent.filter((sent, index) => {
      const age = this.#sent.length - index;
      return age === 1 || age === 3 || sent.batch.some((group) => claimed.has(runIdOf(group)));
    });
    if (isWhole(replies)) this.#sent.push({ batch, replies });
    for (const sent of late.slice(-16)) await this.#sendLate(sent);
    return replies;
  }

  /** Sends every batch so far once more, oldest first. */
  async sendAll(): Promise<void> {
    for (const sent of this.#sent) await this.#sendLate(sent);
  }

  async #sendLate({ batch, replies }: Sent): Promise<void> {
    await this.copy(batch, (group, index, reply) => {
      const allowed = group.kind === "claim" ? this.#lateClaim(group.delivery) : LATE_WRITE;
      const first = replies[index];
      const isRight =
        allowed.includes(reply.word) || (reply.word !== "applied" && reply.word === first?.word);
      if (!isRight) return `"${reply.word}", late, after "${first?.word}"`;
      const isSame = reply.word !== "claimed" || epochOf(reply) === epochOf(first);
      return isSame ? undefined : "another epoch for the same nonce";
    });
  }

  #lateClaim(delivery: { readonly runId: string; readonly nonce: string }): readonly string[] {
    const isOwner = this.#owner.get(delivery.runId) === delivery.nonce;
    // A journal that has become unreadable since is refused to its owner too.
    return isOwner ? ["claimed", "refused", ...LATE_CLAIM] : LATE_CLAIM;
  }
}

const LATE_WRITE: readonly string[] = ["same", "fenced"];
const LATE_CLAIM: readonly string[] = ["stale", "settled", "missing"];

/** A claim repeats its verdict; a write that was applied is the same one. */
function wordOfRepeat(first: GroupReply | undefined): string | undefined {
  return first?.word === "applied" ? "same" : first?.word;
}

/** What a full store did not take has no copy that could arrive: its sender numbers it anew. */
function isWhole(replies: readonly GroupReply[]): boolean {
  return replies.every((reply) => reply.word !== "full");
}

function epochOf(reply: GroupReply | undefined): number | undefined {
  return reply?.word === "claimed" ? reply.run.epoch : undefined;
}

function runIdOf(group: Group): string {
  return group.kind === "claim" ? group.delivery.runId : group.runId;
}

function describeAll(batch: readonly Group[], runId: string): string {
  return batch
    .filter((group) => runIdOf(group) === runId)
    .map(describe)
    .join(" and ");
}

function describe(group: Group): string {
  if (group.kind === "claim") return `the claim of ${group.delivery.runId}`;
  const ops = group.entries.map((entry) => entry.op);
  const shown = ops.length > 8 ? `${ops.slice(0, 8).join(", ")}, …` : ops.join(", ");
  return `write ${group.n} of ${group.runId} (${shown})`;
}
