import type { LedgerEvent } from "@refrain/testkit";
import { isReconcilable } from "./crash-action.ts";

/** What is known of one call, by its name, up to a line of the ledger. */
interface CallHistory {
  readonly slot: number;
  readonly begunIn: unknown[];
  readonly keys: Set<unknown>;
  /** It never began, or its reconciler said so since. */
  mayBegin: boolean;
  effects: number;
  recorded?: { readonly value: unknown };
}

/** What happened to one run. */
export interface RunVerdict {
  /** Each breach of an invariant, in words. */
  readonly flaws: readonly string[];
  readonly clears: number;
  readonly settlements: number;
}

/**
 * Judges one run by the lines that all processes wrote of it, in the order in which they wrote them. It knows nothing of
 * the engine: only what began, what took effect, what Redis acknowledged and what an action saw.
 *
 * @param output the run's, the values of all its calls
 */
export function judgeRun(events: readonly LedgerEvent[], output: string): RunVerdict {
  const known = new Set(["start", ...output.split(" ")]);
  const lastClear = events.findLastIndex((event) => isAcknowledged(event, "clear"));
  const judge = new Judge();
  const made = new Set(events.filter(({ kind }) => kind === "effect").map((one) => one["value"]));
  for (const [index, event] of events.entries()) {
    judge.take(event);
    if (index > lastClear && event.kind === "effect" && !known.has(String(event["given"]))) {
      judge.flaw("an effect of an outcome that the finished run does not know", event);
    }
  }
  const unmade = output.split(" ").filter((value) => !made.has(value));
  return {
    ...judge.verdict,
    flaws: [
      ...judge.verdict.flaws,
      ...unmade.map((value) => `an outcome without an effect: ${value}`),
    ],
  };
}

class Judge {
  readonly #flaws: string[] = [];
  readonly #calls = new Map<string, CallHistory>();
  #clears = 0;
  #settlements = 0;

  flaw(what: string, event: LedgerEvent): void {
    this.#flaws.push(`${what}: ${JSON.stringify(event)}`);
  }

  take(event: LedgerEvent): void {
    if (event.kind === "begin") this.#begin(event);
    if (event.kind === "effect") this.#effect(event);
    if (event.kind === "not-started") this.#of(event).mayBegin = true;
    if (event.kind === "seen") this.#seen(event);
    if (event.kind === "acknowledged") this.#acknowledged(event);
  }

  get verdict(): RunVerdict {
    return { flaws: this.#flaws, clears: this.#clears, settlements: this.#settlements };
  }

  #begin(event: LedgerEvent): void {
    const call = this.#of(event);
    if (call.recorded !== undefined) this.flaw("ran again although it was recorded", event);
    if (call.begunIn.includes(event["attempt"])) this.flaw("began twice in one attempt", event);
    if (isReconcilable(String(event["name"])) && !call.mayBegin) {
      this.flaw("a reconcilable call began again unasked", event);
    }
    call.mayBegin = false;
    call.begunIn.push(event["attempt"]);
    call.keys.add(event["idempotencyKey"]);
    if (call.keys.size > 1) this.flaw("a call has two idempotency keys", event);
  }

  #effect(event: LedgerEvent): void {
    const call = this.#of(event);
    call.effects += 1;
    const isDoubled = isReconcilable(String(event["name"])) && call.effects > 1;
    if (isDoubled) this.flaw("a reconcilable call took effect twice", event);
  }

  #seen(event: LedgerEvent): void {
    const { recorded } = this.#of(event);
    if (recorded !== undefined && recorded.value !== event["value"]) {
      this.flaw("another outcome than the recorded one was seen", event);
    }
  }

  #acknowledged(event: LedgerEvent): void {
    if (this.#settlements > 0) this.flaw("a write after the settlement", event);
    if (event["op"] === "settle") this.#settlements += 1;
    if (event["op"] === "clear") this.#clear(Number(event["from"]));
    if (event["op"] !== "record" && event["op"] !== "finalize") return;
    const call = this.#of(event);
    if (call.recorded !== undefined) this.flaw("an outcome was recorded twice", event);
    call.recorded = { value: event["value"] };
  }

  /** An announced clear: what it dropped may run again. */
  #clear(from: number): void {
    this.#clears += 1;
    for (const [name, { slot }] of this.#calls) if (slot >= from) this.#calls.delete(name);
  }

  #of(event: LedgerEvent): CallHistory {
    const name = String(event["name"]);
    const known = this.#calls.get(name);
    if (known !== undefined) return known;
    const slot = Number(event["slot"] ?? Number.POSITIVE_INFINITY);
    const call = { slot, begunIn: [], keys: new Set(), mayBegin: true, effects: 0 };
    this.#calls.set(name, call);
    return call;
  }
}

function isAcknowledged(event: LedgerEvent, op: string): boolean {
  return event.kind === "acknowledged" && event["op"] === op;
}
