import { type CallPlan, planCall } from "../decisions/plan-call.ts";
import type { Claim, ClaimedRun } from "../ports/store.ts";
import { type CallIdentity, idempotencyKey, sameIdentity } from "../words/call-identity.ts";
import {
  type CallResult,
  isSettled,
  type PendingCall,
  type SettledCall,
} from "../words/call-result.ts";
import { LimitExceededError } from "../words/errors.ts";
import type { Limits } from "../words/limits.ts";
import type { ReopenedCall } from "../words/reopened-calls.ts";
import type { KnownSlot } from "./delivery-order.ts";

/** A call as it stands in its run: which slot, which identity, the how-manieth of that identity. */
export interface PlannedCall extends CallIdentity {
  readonly slot: number;
  /** Calls of the same identity that the run planned before. */
  readonly earlier: number;
  /** How often a person reopened this call: of the start of fn to come, or of the record it is replayed from. */
  readonly reopened: number;
  /** Outcomes delivered when it was planned. */
  readonly after: number;
}

/** One attempt's view of its run's journal: what was there at the claim, where the cursor is, and what it writes. */
export class Journal {
  readonly #claim: Claim;
  readonly #limits: Limits;
  readonly #recorded = new Map<number, CallResult>();
  readonly #planned = new Map<string, number>();
  #firstUncounted = 0;
  readonly #reopened: readonly ReopenedCall[];
  #known: readonly number[];
  #firstUnasked = 0;
  #cursor = 0;
  #nextSeq = 0;
  #bytes: number;
  #clears: number;

  constructor(claim: Claim, run: ClaimedRun, limits: Limits) {
    this.#claim = claim;
    this.#limits = limits;
    this.#known = run.calls.map((call) => call.slot);
    this.#bytes = run.journalBytes;
    this.#clears = run.clears;
    this.#reopened = run.reopened;
    for (const call of run.calls) {
      this.#recorded.set(call.slot, call);
      if (isSettled(call)) this.#nextSeq = Math.max(this.#nextSeq, call.seq + 1);
    }
  }

  get clears(): number {
    return this.#clears;
  }

  /**
   * Whether no slot is missing among those known at the claim. Then whatever is asked for between two recorded outcomes has a
   * record, which says when, so that no slot moves however soon outcomes come.
   */
  get isGapless(): boolean {
    return (this.#known.at(-1) ?? -1) === this.#known.length - 1;
  }

  get bytesLeft(): number {
    return Math.max(0, this.#limits.maxJournalBytes - this.#bytes);
  }

  /** Calls the journal held at the claim that the action has not asked for. */
  unasked(): CallResult[] {
    return this.from(this.#cursor);
  }

  /** What the journal held at the claim from `slot` on, ascending. */
  from(slot: number): CallResult[] {
    return this.#known
      .filter((known) => known >= slot)
      .flatMap((known) => this.#recorded.get(known) ?? []);
  }

  nextKnown(): KnownSlot | undefined {
    let slot = this.#known[this.#firstUnasked];
    while (slot !== undefined && slot < this.#cursor) {
      this.#firstUnasked += 1;
      slot = this.#known[this.#firstUnasked];
    }
    return slot === undefined ? undefined : this.#recorded.get(slot);
  }

  /**
   * Gives the call the next slot and says what to do about it.
   *
   * @throws LimitExceededError when the run has as many calls as it may have.
   */
  plan(identity: CallIdentity, isReconcilable: boolean): CallPlan {
    this.#checkRoom(identity);
    const recorded = this.#recorded.get(this.#cursor);
    this.#cursor += 1;
    return planCall(recorded, identity, isReconcilable);
  }

  /**
   * How the call that was planned last stands in its run; asked once, of every call that is not replayed.
   *
   * @param delivered outcomes delivered so far
   */
  place(identity: CallIdentity, plan: CallPlan, delivered: number): PlannedCall {
    const slot = this.#cursor - 1;
    this.#countReplayed(slot);
    this.#firstUncounted = this.#cursor;
    const { functionId, argsDigest } = identity;
    const earlier = this.#count(identity);
    // A call keeps the place in the order that it had when it was first planned.
    const after = "call" in plan ? plan.call.after : delivered;
    const reopened = this.#reopenedBefore(identity, earlier);
    return { slot, functionId, argsDigest, earlier, after, reopened };
  }

  /** Calls that were replayed since the last other one: they are counted when it matters, for many runs never go on. */
  #countReplayed(end: number): void {
    for (let slot = this.#firstUncounted; slot < end; slot += 1) {
      const replayed = this.#recorded.get(slot);
      if (replayed !== undefined) this.#count(replayed);
    }
  }

  /** Counts a call; how many of its identity were planned before. */
  #count(identity: CallIdentity): number {
    const name = nameOf(identity);
    const earlier = this.#planned.get(name) ?? 0;
    this.#planned.set(name, earlier + 1);
    return earlier;
  }

  #reopenedBefore(identity: CallIdentity, earlier: number): number {
    // Nearly always empty: nothing is looked up then.
    if (this.#reopened.length === 0) return 0;
    const known = this.#reopened.find(
      (call) => call.earlier === earlier && sameIdentity(call, identity),
    );
    return known?.reopened ?? 0;
  }

  #checkRoom(identity: CallIdentity): void {
    const { maxCalls, maxJournalBytes } = this.#limits;
    const isFull = this.#bytes >= maxJournalBytes && !this.#recorded.has(this.#cursor);
    if (this.#cursor < maxCalls && !isFull) return;
    const where = `run ${this.#claim.runId}, slot ${this.#cursor} (${identity.functionId})`;
    const advice = "split the work into several runs";
    if (this.#cursor >= maxCalls) {
      throw new LimitExceededError(`${where}: a run may have ${maxCalls} calls; ${advice}`);
    }
    throw new LimitExceededError(
      `${where}: the journal is full, ${this.#bytes} of ${maxJournalBytes} bytes; record smaller results or ${advice}`,
    );
  }

  /** The PENDING mark; must be acknowledged before fn starts. */
  append(call: PendingCall): void {
    this.#claim.append(call);
  }

  /** The number of the next outcome. */
  takeSeq(): number {
    return this.#nextSeq++;
  }

  /** Writes an outcome: in place of the mark if there is one, else as a new entry. */
  settle(call: SettledCall, isMarked: boolean): void {
    this.#bytes += call.payload.byteLength;
    if (isMarked) this.#claim.finalize(call);
    else this.#claim.record(call);
  }

  /** Drops what the journal held at the claim from `slot` on. */
  clearFrom(slot: number): void {
    const last = this.#known.at(-1);
    if (last === undefined || last < slot) return;
    this.#claim.clear(slot, last);
    this.#clears += 1;
    for (const known of this.#known) {
      if (known >= slot) this.#recorded.delete(known);
    }
    this.#known = this.#known.filter((known) => known < slot);
  }
}

function nameOf({ argsDigest, functionId }: CallIdentity): string {
  return `${argsDigest}/${functionId}`;
}

/** The key under which the outside world may recognise a call. */
export function keyOfCall(
  runId: string,
  call: CallIdentity & { readonly earlier: number },
  reopened: number,
): string {
  return idempotencyKey(runId, call, { earlier: call.earlier, reopened });
}
