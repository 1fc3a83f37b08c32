import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import {
  type CallInfo,
  type CommitPort,
  currentCall,
  notStarted,
  OutcomeUnknownError,
} from "@refrain/core";
import { CrashPort } from "../../src/ports/faulty-ports.ts";
import { type Functions, fraction } from "./interpret.ts";
import type { Case, Crash, Traits } from "./program.ts";
import type { World } from "./world.ts";

export interface ProcessOptions {
  readonly world: World;
  readonly case: Case;
  readonly attempt: number;
  readonly crash: Crash | undefined;
  readonly isPure: boolean;
  /** What the action has seen so far. */
  readonly seen: () => readonly string[];
  /** Something else than death befalls the attempt. */
  readonly befall: (point: "release" | "takeover") => void;
}

/** One worker process, for one attempt: it may die at a write, at the beginning of a fn, or right after an effect. */
export class Process implements Functions {
  readonly port: CrashPort;
  readonly #options: ProcessOptions;
  readonly #asked = new Set<string>();
  #begins = 0;
  #effects = 0;
  #timers = 0;
  #endFirstTimer: () => void = () => {};
  readonly #firstTimer = new Promise<void>((resolve) => {
    this.#endFirstTimer = resolve;
  });

  constructor(port: CommitPort, options: ProcessOptions) {
    this.#options = options;
    this.port = crashPort(port, options.crash);
  }

  perform(name: string): unknown {
    if (this.port.hasCrashed) return never();
    const info = currentCall();
    const traits = this.#traits(name);
    this.#options.world.begin(info, traits.isReconcilable, this.#options.seen());
    this.#begins += 1;
    if (this.#diesAt("begin", this.#begins)) return this.#die(info);
    this.#befalls("release");
    this.#befalls("takeover");
    const turns = traits.turns + this.#noise(`${info.slot}/${info.attempt}`);
    return turns + traits.ms === 0 && !traits.outlastsTimer
      ? this.#finish(info, traits)
      : this.#performSlowly(info, traits, turns);
  }

  async #performSlowly(info: CallInfo, traits: Traits, turns: number): Promise<unknown> {
    const early = traits.isEager ? this.#effect(info) : undefined;
    if (traits.outlastsTimer) await this.#firstTimer;
    for (let count = 0; count < turns; count++) await turn();
    if (traits.ms > 0) await pause(traits.ms);
    return this.port.hasCrashed ? this.#die(info) : this.#finish(info, traits, early);
  }

  #finish(info: CallInfo, traits: Traits, early?: string): unknown {
    const effect = early ?? this.#effect(info);
    if (this.port.hasCrashed) return this.#die(info);
    this.#options.world.end(info.idempotencyKey);
    if (traits.fails) throw new Error(effect);
    return effect;
  }

  #die(info: CallInfo): Promise<never> {
    this.#options.world.end(info.idempotencyKey);
    return never();
  }

  #effect(info: CallInfo): string {
    const text = this.#options.world.effect(
      info,
      this.#options.isPure ? info.functionId : undefined,
    );
    this.#effects += 1;
    this.#diesAt("effect", this.#effects);
    return text;
  }

  reconcilerOf(name: string): (() => unknown) | undefined {
    const traits = this.#traits(name);
    return traits.isReconcilable ? () => this.#reconcile(traits) : undefined;
  }

  #reconcile(traits: Traits): unknown {
    if (this.port.hasCrashed) return never();
    const info = currentCall();
    if (traits.isShy && !this.#asked.has(info.idempotencyKey)) {
      this.#asked.add(info.idempotencyKey);
      throw new OutcomeUnknownError({ retryAfterMs: 0 });
    }
    const { effect, isUnderWay } = this.#options.world.lookUp(info, this.#options.seen());
    if (isUnderWay) throw new OutcomeUnknownError({ retryAfterMs: 1 });
    if (effect === undefined) return notStarted();
    if (traits.fails) throw new Error(effect);
    return effect;
  }

  /** Timers take another time in every attempt, unless there is no noise. */
  async timer(ms: number): Promise<void> {
    this.#timers += 1;
    await pause(ms * (1 + this.#noise(`timer ${this.#timers}/${this.#options.attempt}`)));
    this.#endFirstTimer();
  }

  #diesAt(point: Crash["point"], count: number): boolean {
    const { crash } = this.#options;
    if (crash?.point !== point || crash.at !== count) return false;
    this.port.crash();
    return true;
  }

  #befalls(point: "release" | "takeover"): void {
    const { crash, befall } = this.#options;
    if (crash?.point === point && crash.at === this.#begins) befall(point);
  }

  #traits(name: string): Traits {
    const traits = this.#options.case.catalog[name.replace("float.", "")];
    if (traits === undefined) throw new Error(`no function ${name}`);
    return traits;
  }

  #noise(topic: string): number {
    if (this.#options.case.noise === 0) return 0;
    return Math.floor(fraction(`${this.#options.case.noise}/${topic}`) * 3);
  }
}

function crashPort(port: CommitPort, crash: Crash | undefined): CrashPort {
  if (crash?.point === "before-write") return new CrashPort(port, { at: crash.at, when: "before" });
  if (crash?.point === "after-write") return new CrashPort(port, { at: crash.at, when: "after" });
  return new CrashPort(port);
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
