import type { LedgerEvent } from "@refrain/testkit";

/** One run as the ledger remembers it: lines of all processes, in the order in which they were written. */
export class RunHistory {
  readonly #events: readonly LedgerEvent[];

  constructor(events: readonly LedgerEvent[], runId: string) {
    this.#events = events.filter((event) => event.key === runId);
  }

  finalValues(outputs: ReadonlyMap<string, unknown>): string[] {
    const runId = this.#events[0]?.key ?? "";
    return String(outputs.get(runId)).split(" ");
  }

  settlements(): number {
    return this.#acknowledged("settle").length;
  }

  /** Executions that began after their call's outcome was acknowledged and before an announced clear. */
  begunAfterAcknowledged(): LedgerEvent[] {
    const flaws: LedgerEvent[] = [];
    const done = new Set<unknown>();
    for (const event of this.#events) {
      if (event.kind === "begin" && done.has(event["name"])) flaws.push(event);
      if (event.kind !== "acknowledged") continue;
      if (event["op"] === "clear") done.clear();
      if (event["op"] === "record" || event["op"] === "finalize") done.add(event["name"]);
    }
    return flaws;
  }

  /** How often each identity of a function began, and how often its reconciler said that it had not. */
  executions(name: string): {
    readonly begins: ReadonlyMap<string, number>;
    readonly notStarted: ReadonlyMap<string, number>;
  } {
    const begins = new Map<string, number>();
    const notStarted = new Map<string, number>();
    for (const event of this.#events) {
      if (event["name"] !== name) continue;
      if (event.kind === "begin") add(begins, String(event["idempotencyKey"]));
      if (event.kind === "not-started") add(notStarted, name);
    }
    return { begins, notStarted };
  }

  effects(idempotencyKey: string): number {
    return this.#events.filter(
      (event) => event.kind === "effect" && event["idempotencyKey"] === idempotencyKey,
    ).length;
  }

  /** What an attempt saw of a call after another value of it had been acknowledged. */
  seenAfterAcknowledged(): LedgerEvent[] {
    const flaws: LedgerEvent[] = [];
    const values = new Map<unknown, unknown>();
    for (const event of this.#events) {
      const { name, value } = event;
      if (event.kind === "seen" && values.has(name) && values.get(name) !== value) {
        flaws.push(event);
      }
      if (event.kind !== "acknowledged") continue;
      if (event["op"] === "clear") values.clear();
      if (event["op"] === "record" || event["op"] === "finalize") values.set(name, value);
    }
    return flaws;
  }

  /** Effects that were caused by an outcome which the finished run does not know. */
  strayEffects(known: readonly string[]): LedgerEvent[] {
    const lastClear = this.#events.findLastIndex((event) => event["op"] === "clear");
    return this.#events.filter(
      (event, index) =>
        index > lastClear && event.kind === "effect" && !known.includes(String(event["given"])),
    );
  }

  /** Calls, by function and input, that began under more than one key. */
  callsWithSeveralKeys(): string[] {
    const keys = new Map<string, Set<unknown>>();
    for (const event of this.#events) {
      if (event.kind !== "begin") continue;
      const call = `${String(event["name"])}(${String(event["given"])})`;
      keys.set(call, (keys.get(call) ?? new Set()).add(event["idempotencyKey"]));
    }
    return [...keys].filter(([, all]) => all.size > 1).map(([call]) => call);
  }

  #acknowledged(op: string): LedgerEvent[] {
    return this.#events.filter((event) => event.kind === "acknowledged" && event["op"] === op);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
