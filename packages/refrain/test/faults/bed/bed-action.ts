import { setTimeout as pause } from "node:timers/promises";
import {
  type Action,
  argsDigest,
  currentCall,
  notStarted,
  OutcomeUnknownError,
} from "@refrain/core";
import {
  type DurableContext,
  type DurableFunction,
  defineAction,
  durable,
  type NotStarted,
} from "refrain";
import type { BedLedger } from "./bed-ledger.ts";
import type { EffectStore } from "./effect-store.ts";
import type { BedInput, Program, Traits } from "./program.ts";
import { BedError, printOf, tokenOf, type ValueKind, valueOf } from "./values.ts";

export const BED_QUEUE = "bed";

/** The action of all runs of a bed: what it does is its input. */
export function bedAction(version: string): Action<BedInput, unknown> {
  return defineAction<BedInput, unknown>({ name: "bed", queue: BED_QUEUE, version });
}

type Args = readonly [seen: number, last: string];

/** One attempt's way through its program. It writes down everything that an oracle could ask about. */
export class BedAttempt {
  readonly #ctx: DurableContext;
  readonly #nonce: string;
  readonly #catalog: BedInput["catalog"];
  readonly #ledger: BedLedger;
  readonly #effects: EffectStore;
  readonly #durables = new Map<string, DurableFunction<Args, unknown>>();
  readonly #begins = new Map<number, number>();
  readonly #asked = new Set<number>();
  #slots = 0;
  #seen = 0;
  #last = "";

  constructor(
    ctx: DurableContext,
    input: BedInput,
    given: { readonly nonce: string; readonly ledger: BedLedger; readonly effects: EffectStore },
  ) {
    this.#ctx = ctx;
    this.#catalog = input.catalog;
    this.#nonce = given.nonce;
    this.#ledger = given.ledger;
    this.#effects = given.effects;
  }

  async run(program: Program, path = "0"): Promise<unknown> {
    switch (program.kind) {
      case "call":
        return this.#call(program.name);
      case "throw":
        throw new BedError(`thrown at ${path}`);
      case "seq": {
        const values: unknown[] = [];
        for (const [index, step] of program.steps.entries()) {
          values.push(await this.run(step, `${path}.${index}`));
        }
        return values;
      }
      case "try":
        try {
          return await this.run(program.body, `${path}.body`);
        } catch (error) {
          return [tokenOf(error), await this.run(program.rescue, `${path}.rescue`)];
        }
      case "all":
      case "race": {
        const branches = program.branches.map((branch, n) => this.run(branch, `${path}.${n}`));
        return program.kind === "all" ? Promise.all(branches) : Promise.race(branches);
      }
    }
  }

  /** The arguments tell what the action has seen, so that a call that should not have been made gives itself away. */
  async #call(name: string): Promise<string> {
    const traits = this.#traits(name);
    const slot = this.#slots++;
    const args: Args = [this.#seen, this.#last];
    const at = { run: this.#ctx.runId, nonce: this.#nonce, slot };
    this.#ledger.write({ kind: "ask", ...at, name, digest: argsDigest(args) });
    const reconciler = traits.isReconcilable
      ? (): Promise<NotStarted> => this.#reconcile(traits) as Promise<NotStarted>
      : undefined;
    const retry = { attempts: traits.tries, backoff: { initialMs: 5 } };
    try {
      const value = await this.#ctx.durableExecute(this.#durable(name), args, {
        reconciler,
        retry,
      });
      this.#see(slot, value);
      return tokenOf(value);
    } catch (error) {
      this.#see(slot, error);
      throw error;
    }
  }

  #see(slot: number, outcome: unknown): void {
    this.#seen += 1;
    this.#last = tokenOf(outcome);
    const at = { run: this.#ctx.runId, nonce: this.#nonce, slot };
    this.#ledger.write({ kind: "see", ...at, print: printOf(outcome) });
  }

  #durable(name: string): DurableFunction<Args, unknown> {
    const known = this.#durables.get(name);
    if (known !== undefined) return known;
    const made = durable<Args, unknown>(name, () => this.#perform(name));
    this.#durables.set(name, made);
    return made;
  }

  async #perform(name: string): Promise<unknown> {
    const { runId: run, slot, idempotencyKey: key } = currentCall();
    const traits = this.#traits(name);
    const { isReconcilable, tries } = traits;
    const at = { run, nonce: this.#nonce, slot };
    const begins = (this.#begins.get(slot) ?? 0) + 1;
    this.#begins.set(slot, begins);
    this.#ledger.write({ kind: "begin", ...at, name, key, isReconcilable, tries });
    await pause(traits.beforeMs);
    const token = `${name}@${slot}.${this.#nonce.slice(0, 6)}.${begins}`;
    const hasFailed = begins <= traits.failures;
    this.#ledger.write({ kind: "effect", ...at, key, token, value: traits.value, hasFailed });
    await pause(traits.afterMs);
    const isUnknown = isReconcilable && traits.isVague && begins === 1;
    const how = isUnknown ? "unknown" : hasFailed ? "threw" : "returned";
    this.#ledger.write({ kind: "end", ...at, key, how, token });
    if (isUnknown) throw new OutcomeUnknownError({ retryAfterMs: 10 });
    if (hasFailed) throw new BedError(token);
    return valueOf(traits.value, token);
  }

  async #reconcile(traits: Traits): Promise<unknown> {
    const { runId: run, slot, idempotencyKey: key } = currentCall();
    const at = { run, nonce: this.#nonce, slot };
    this.#ledger.write({ kind: "question", ...at, key });
    await pause(1);
    const note = { kind: "verdict", ...at, key } as const;
    if (traits.isShy && !this.#asked.has(slot)) {
      this.#asked.add(slot);
      this.#ledger.write({ ...note, answer: "unknown", token: "" });
      throw new OutcomeUnknownError({ retryAfterMs: 20 });
    }
    const effect = this.#effects.find(key);
    if (effect === undefined) {
      this.#ledger.write({ ...note, answer: "not-started", token: "" });
      return notStarted();
    }
    const { token, hasFailed, value } = effect;
    this.#ledger.write({ ...note, answer: hasFailed ? "threw" : "returned", token });
    if (hasFailed) throw new BedError(token);
    return valueOf(value as ValueKind, token);
  }

  #traits(name: string): Traits {
    const traits = this.#catalog[name];
    if (traits === undefined) throw new Error(`no function ${name}`);
    return traits;
  }
}
