import {
  type CallInfo,
  type CallResult,
  type CommitPort,
  decodeCall,
  type Group,
  type GroupReply,
  isSettled,
  msgpackCodec,
  placeInRun,
  reviveError,
} from "@refrain/core";
import { textOf } from "./interpret.ts";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

/**
 * Everything outside the processes: what the store applied and which effects happened, with the rules that must hold
 * between them. It sees what no process can see, and writes down every breach.
 */
export class World {
  /** Breaches of the invariants, each beginning with the name of the rule. */
  readonly breaches: string[] = [];
  readonly #effects = new Map<string, string[]>();
  readonly #begins = new Map<string, number[]>();
  readonly #notStarted = new Map<string, number>();
  readonly #keys = new Map<number, string>();
  readonly #inFlight = new Map<string, number>();
  readonly #journal = new Map<number, CallResult>();
  /** Clears that the store applied. */
  clears = 0;
  #effectCount = 0;
  #owner: { readonly nonce: string; readonly epoch: number } | undefined;

  /** The journal as the store has it. */
  get journal(): readonly CallResult[] {
    return [...this.#journal.values()];
  }

  /** Recorded outcomes in the order of their recording, as an action sees them. */
  get recorded(): string[] {
    return this.journal
      .filter(isSettled)
      .filter(({ functionId }) => !functionId.startsWith("float."))
      .toSorted((a, b) => a.seq - b.seq)
      .map(seenOf);
  }

  get mostBegins(): number {
    return Math.max(0, ...[...this.#begins.values()].map((attempts) => attempts.length));
  }

  /** Watches what the store applies. */
  watch(port: CommitPort): CommitPort {
    return {
      send: async (batch): Promise<readonly GroupReply[]> => {
        const replies = await port.send(batch);
        for (const [index, group] of batch.entries()) {
          this.#note(group, replies[index]);
        }
        return replies;
      },
    };
  }

  /** A fn begins: the moment at which nothing may be wrong any more. */
  begin(info: CallInfo, isReconcilable: boolean, seen: readonly string[]): void {
    const { idempotencyKey: key, slot, attempt } = info;
    const earlier = this.#begins.get(key) ?? [];
    const call = `${info.functionId} at slot ${slot}, attempt ${attempt}`;
    const inJournal = this.#journal.get(slot);
    const isRecorded = inJournal !== undefined && isSettled(inJournal);
    const isOwner = attempt === this.#owner?.epoch;
    // Who was overtaken may still begin what its acknowledged writes allow, and learns of it at its next write.
    if (isRecorded && isOwner) {
      this.#breach("no execution after its record", `${call} begins although it is recorded`);
    }
    if (isReconcilable && earlier.length > (this.#notStarted.get(key) ?? 0)) {
      this.#breach("a reconcilable call starts once", `${call} begins again unasked`);
    }
    if (earlier.includes(attempt) && !isReconcilable) {
      this.#breach("once an attempt", `${call} begins twice in one attempt`);
    }
    if (isReconcilable && inJournal?.status !== "PENDING") {
      this.#breach("the mark comes first", `${call} begins without an acknowledged mark`);
    }
    this.#checkBarrier(call, seen);
    this.#checkKey(call, slot, key);
    this.#begins.set(key, [...earlier, attempt]);
    this.#inFlight.set(key, (this.#inFlight.get(key) ?? 0) + 1);
  }

  /** The fn is over, or its process is. */
  end(key: string): void {
    this.#inFlight.set(key, (this.#inFlight.get(key) ?? 0) - 1);
  }

  /** A reconciler is asked: it looks for the effect under its call's key. */
  lookUp(
    info: CallInfo,
    seen: readonly string[],
  ): { readonly effect: string | undefined; readonly isUnderWay: boolean } {
    const { idempotencyKey: key, slot } = info;
    const call = `the reconciler of ${info.functionId} at slot ${slot}, attempt ${info.attempt}`;
    this.#checkBarrier(call, seen);
    this.#checkKey(call, slot, key);
    const effect = this.#effects.get(key)?.[0];
    const isUnderWay = (this.#inFlight.get(key) ?? 0) > 0;
    if (effect === undefined && !isUnderWay) {
      this.#notStarted.set(key, (this.#notStarted.get(key) ?? 0) + 1);
    }
    return { effect, isUnderWay };
  }

  /** Something happens outside. Its text is like no other, so that it is known wherever it turns up. */
  effect({ idempotencyKey, functionId }: CallInfo, text?: string): string {
    this.#effectCount += 1;
    const effect = text ?? `${functionId}#${this.#effectCount}`;
    this.#effects.set(idempotencyKey, [...(this.#effects.get(idempotencyKey) ?? []), effect]);
    return effect;
  }

  /** What an attempt saw must begin with what was recorded when it started. */
  checkObservations(recorded: readonly string[], seen: readonly string[]): void {
    const length = Math.min(recorded.length, seen.length);
    if (recorded.slice(0, length).join() === seen.slice(0, length).join()) return;
    this.#breach("same value, same order", `recorded ${recorded.join()}, seen ${seen.join()}`);
  }

  note(rule: string, what: string): void {
    this.#breach(rule, what);
  }

  #checkBarrier(call: string, seen: readonly string[]): void {
    const recorded = new Set(this.journal.filter(isSettled).map(seenOf));
    const lost = seen.filter((text) => !recorded.has(text));
    if (lost.length === 0) return;
    this.#breach("no effect before what it depends on is recorded", `${call} saw ${lost.join()}`);
  }

  #checkKey(call: string, slot: number, key: string): void {
    const known = this.#keys.get(slot);
    this.#keys.set(slot, key);
    if (known !== undefined && known !== key) this.#breach("one key per call", call);
  }

  #note(group: Group, reply: GroupReply | undefined): void {
    if (group.kind === "claim" && reply?.word === "claimed") {
      this.#owner = { nonce: group.delivery.nonce, epoch: reply.run.epoch };
    }
    if (group.kind !== "write" || reply?.word !== "applied") return;
    if (group.nonce !== this.#owner?.nonce) this.#breach("no write of who was overtaken", "");
    this.#apply(group);
  }

  #apply(group: Group & { readonly kind: "write" }): void {
    for (const entry of group.entries) {
      if ("bytes" in entry) this.#put(decodeCall(entry.slot, entry.bytes));
      if (entry.op !== "clear") continue;
      this.clears += 1;
      for (const slot of this.#journal.keys()) {
        if (slot < entry.from || slot > entry.to) continue;
        this.#journal.delete(slot);
        this.#keys.delete(slot);
      }
    }
  }

  #put(call: CallResult): void {
    const known = this.#journal.get(call.slot);
    if (known !== undefined) {
      const isSameCall =
        known.functionId === call.functionId && known.argsDigest === call.argsDigest;
      if (!isSameCall) this.#breach("no slot moves", `slot ${call.slot} held ${known.functionId}`);
      if (isSettled(known)) this.#breach("a record never changes", `slot ${call.slot}`);
    }
    this.#journal.set(call.slot, call);
  }

  #breach(rule: string, what: string): void {
    this.breaches.push(`${rule}: ${what}`);
  }
}

function seenOf(call: CallResult): string {
  if (!isSettled(call)) return "";
  return call.status === "SUCCEEDED"
    ? String(msgpackCodec.decode(call.payload))
    : textOf(reviveError(call.payload, msgpackCodec, somewhere, {}));
}
