import type { CallNote, EventOf } from "../events.ts";
import type { Breach, Rule } from "./breach.ts";
import { describe } from "./journal-fold.ts";
import { type AttemptEvent, type AttemptStory, isAcknowledged, type Placed } from "./story.ts";

/** What one slot did in one attempt. */
interface SlotLife {
  begins: number;
  /** How its last body ended; undefined while it runs. */
  lastEnd: "returned" | "threw" | "unknown" | undefined;
  /** The reconciler vouched, since the last body, that nothing has happened. */
  isVouched: boolean;
  /** The reconciler has been asked and has not answered yet. */
  isAsked: boolean;
  seen: string | undefined;
  /** Tokens that a body or the reconciler gave. */
  readonly tokens: Set<string>;
}

/**
 * Follows one attempt through its own notes: what it was given at its claim and what was acknowledged to it so far says what
 * it may begin, see and record.
 */
export class AttemptWalk {
  readonly breaches: Breach[] = [];
  readonly #run: string;
  readonly #attempt: AttemptStory;
  readonly #given: ReadonlyMap<number, CallNote>;
  /** The journal as this attempt knows it to be in Redis. */
  readonly #view: Map<number, CallNote>;
  readonly #lives = new Map<number, SlotLife>();
  /** Slots whose outcome the action has seen, in that order. */
  readonly #seen: number[] = [];
  readonly #sent = new Map<number, CallNote>();
  /** Why it may begin nothing more; empty while it may. */
  #isOver = "";

  constructor(run: string, attempt: AttemptStory) {
    this.#run = run;
    this.#attempt = attempt;
    this.#given = new Map(attempt.claimed.map((call) => [call.slot, call]));
    this.#view = new Map(this.#given);
  }

  walk(): readonly Breach[] {
    for (const event of this.#attempt.events) this.#follow(event);
    this.#checkOrder();
    return this.breaches;
  }

  #follow(event: Placed<AttemptEvent>): void {
    switch (event.kind) {
      case "ask":
        return this.#ask(event);
      case "see":
        return this.#see(event);
      case "begin":
        return this.#begin(event);
      case "question":
        return this.#question(event);
      case "verdict":
        return this.#verdict(event);
      case "effect":
        this.#life(event.slot).tokens.add(event.token);
        return;
      case "end":
        this.#life(event.slot).lastEnd = event.how;
        return;
      case "sent":
        return this.#send(event);
      case "answered":
        return this.#answer(event);
    }
  }

  #ask({ slot, name, digest }: EventOf<"ask">): void {
    const given = this.#given.get(slot);
    if (given === undefined || (given.name === name && given.digest === digest)) return;
    const text = `it asks for ${name}(${digest.slice(0, 4)}) where the journal holds ${describe(given)}`;
    this.#breach("S5 same path", slot, text);
  }

  #see({ slot, print }: EventOf<"see">): void {
    this.#seen.push(slot);
    this.#life(slot).seen = print;
    const given = this.#given.get(slot);
    if (given === undefined || given.status === "PENDING" || given.print === print) return;
    this.#breach("S4 same value", slot, `it sees ${print}, recorded is ${describe(given)}`);
  }

  #begin({ slot, name, isReconcilable, tries }: EventOf<"begin">): void {
    const life = this.#life(slot);
    const held = this.#view.get(slot);
    if (held !== undefined && held.status !== "PENDING") {
      this.#breach(
        "S2 no execution after record",
        slot,
        `${name} begins, held is ${describe(held)}`,
      );
    }
    if (isReconcilable && held?.status !== "PENDING") {
      this.#breach("S3 start once", slot, `${name} begins without an acknowledged mark`);
    }
    const isRetry = life.lastEnd === "threw" && life.begins < tries;
    const isFirst = life.begins === 0 && this.#given.get(slot)?.status !== "PENDING";
    if (!isFirst && !isRetry && !life.isVouched) {
      const rule = isReconcilable ? "S3 start once" : "S8 no second body unasked";
      // A mark that an earlier attempt left for a call without a reconciler only says that it runs again.
      if (isReconcilable || life.begins > 0) this.#breach(rule, slot, `${name} begins unasked`);
    }
    this.#checkBarrier(slot, name);
    life.begins += 1;
    life.lastEnd = undefined;
    life.isVouched = false;
  }

  #question({ slot }: EventOf<"question">): void {
    const isOwn = this.#life(slot).lastEnd === "unknown";
    if (this.#given.get(slot)?.status !== "PENDING" && !isOwn) {
      this.#breach(
        "S3 start once",
        slot,
        "the reconciler is asked about a call that nobody started",
      );
    }
    this.#checkBarrier(slot, "the reconciler");
    this.#life(slot).isAsked = true;
  }

  #verdict({ slot, answer, token }: EventOf<"verdict">): void {
    const life = this.#life(slot);
    life.isAsked = false;
    if (answer === "not-started") life.isVouched = true;
    else life.tokens.add(token);
  }

  /** Every outcome that the action has seen is in Redis before anything follows from it. */
  #checkBarrier(slot: number, what: string): void {
    if (this.#isOver !== "")
      this.#breach("S7 fencing", slot, `${what} begins after ${this.#isOver}`);
    for (const seen of this.#seen) {
      const { seen: print } = this.#life(seen);
      if (this.#view.get(seen)?.print === print) continue;
      const text = `${what} begins while the outcome of slot ${seen} (${print}) is not acknowledged`;
      this.#breach("S4 same value", slot, text);
    }
  }

  #send({ entries }: EventOf<"sent">): void {
    for (const entry of entries) {
      if (entry.op === "clear") {
        this.#breach(
          "S5 same path",
          entry.from,
          "it clears the journal of a program that never changed",
        );
      } else if (entry.op === "release") this.#checkRelease();
      else if (entry.op === "settle") this.#isOver = "it settled the run";
      else if (entry.op !== "append") {
        const { seen, tokens } = this.#life(entry.slot);
        this.#sent.set(entry.slot, entry);
        if (seen !== undefined && seen !== entry.print) {
          this.#breach("S4 same value", entry.slot, `it saw ${seen} and records ${entry.print}`);
        }
        if (!tokens.has(entry.print.slice(0, entry.print.lastIndexOf(":")))) {
          this.#breach(
            "S1 record once",
            entry.slot,
            `it records ${entry.print}, which nothing gave`,
          );
        }
      }
    }
  }

  /** A run is handed back only when nothing runs any more, and what ended is recorded. */
  #checkRelease(): void {
    this.#isOver = "it handed the run back";
    for (const [slot, { begins, lastEnd, isAsked }] of this.#lives) {
      if (isAsked || (begins > 0 && lastEnd === undefined)) {
        this.#breach("S8 no second body unasked", slot, "it hands the run back while a body runs");
      }
      if (lastEnd === "returned" && (this.#view.get(slot)?.status ?? "PENDING") === "PENDING") {
        this.#breach(
          "S8 no second body unasked",
          slot,
          "it hands the run back without its outcome",
        );
      }
    }
  }

  #answer({ n }: EventOf<"answered">): void {
    const group = this.#attempt.groups.find((sent) => sent.n === n);
    if (group === undefined) return;
    if (!isAcknowledged(group)) {
      this.#isOver = `it was told "${group.word}"`;
      return;
    }
    for (const entry of group.entries) {
      if (entry.op === "append" || entry.op === "finalize" || entry.op === "record") {
        this.#view.set(entry.slot, entry);
      } else if (entry.op === "clear") {
        for (const slot of this.#view.keys()) {
          if (slot >= entry.from && slot <= entry.to) this.#view.delete(slot);
        }
      }
    }
  }

  /** Outcomes come in the order in which they were recorded, live and on replay. */
  #checkOrder(): void {
    let last = { slot: -1, seq: -1 };
    for (const slot of this.#seen) {
      const given = this.#given.get(slot);
      const call = given !== undefined && given.status !== "PENDING" ? given : this.#sent.get(slot);
      // Seen, and never sent: the attempt ended before.
      if (call === undefined) continue;
      if (call.seq < last.seq) {
        const text = `its outcome (seq ${call.seq}) is seen after that of slot ${last.slot} (seq ${last.seq})`;
        this.#breach("S5 same path", slot, text);
      }
      last = { slot, seq: call.seq };
    }
  }

  #life(slot: number): SlotLife {
    const known = this.#lives.get(slot);
    if (known !== undefined) return known;
    const life: SlotLife = {
      begins: 0,
      lastEnd: undefined,
      isVouched: false,
      isAsked: false,
      seen: undefined,
      tokens: new Set(),
    };
    this.#lives.set(slot, life);
    return life;
  }

  #breach(rule: Rule, slot: number, text: string): void {
    const { epoch, by } = this.#attempt;
    this.breaches.push({
      rule,
      run: this.#run,
      text: `attempt ${epoch} (${by}), slot ${slot}: ${text}`,
    });
  }
}
