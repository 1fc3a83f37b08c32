import { createHash } from "node:crypto";
import { type DurableContext, type DurableFunction, durable, type NotStarted } from "@refrain/core";
import type { Program } from "./program.ts";

/** The functions of one process: what a program's names mean there. */
export interface Functions {
  /** Runs where a durable call's fn runs. */
  perform(name: string): unknown;
  /** Runs where a reconciler runs; undefined for functions without one. */
  reconcilerOf(name: string): (() => unknown) | undefined;
  /** Waits as plain code does. */
  timer(ms: number): Promise<void>;
}

/** One attempt's way through a program, and what it has seen so far, in order. */
export class Interpreter {
  readonly seen: string[] = [];
  readonly #ctx: DurableContext;
  readonly #functions: Functions;
  readonly #isPure: boolean;
  readonly #durables = new Map<string, DurableFunction<readonly unknown[], unknown>>();

  /** @param isPure calls depend on their place in the program only, not on what was seen before */
  constructor(ctx: DurableContext, functions: Functions, isPure: boolean) {
    this.#ctx = ctx;
    this.#functions = functions;
    this.#isPure = isPure;
  }

  async run(program: Program, path = "0"): Promise<unknown> {
    switch (program.kind) {
      case "call":
        return this.#call(program.name, program.isLazy, path);
      case "float":
        void this.#ask(`float.${program.name}`, false, path);
        return "floating";
      case "throw":
        throw new Error(`thrown at ${path}`);
      case "tick":
        for (let count = 0; count < program.count; count++) await Promise.resolve();
        return "ticked";
      case "timer":
        await this.#functions.timer(program.ms);
        return "waited";
      case "seq": {
        const values = [];
        for (const [index, step] of program.steps.entries()) {
          values.push(await this.run(step, `${path}.${index}`));
        }
        return values;
      }
      case "try":
        try {
          return await this.run(program.body, `${path}.body`);
        } catch (error) {
          return [textOf(error), await this.run(program.rescue, `${path}.rescue`)];
        }
      case "if":
        return bitOf(this.seen.at(-1) ?? path) === 1
          ? this.run(program.then, `${path}.then`)
          : this.run(program.otherwise, `${path}.otherwise`);
      case "all":
      case "race":
      case "any":
      case "allSettled":
        return this.#combine(program, path);
    }
  }

  async #combine(
    { kind, branches }: Program & { readonly branches: readonly Program[] },
    path: string,
  ): Promise<unknown> {
    const running = branches.map((branch, index) => this.run(branch, `${path}.${index}`));
    if (kind === "allSettled") {
      return (await Promise.allSettled(running)).map((result) =>
        result.status === "fulfilled" ? result.value : textOf(result.reason),
      );
    }
    if (kind === "all") return Promise.all(running);
    return kind === "race" ? Promise.race(running) : Promise.any(running);
  }

  async #call(name: string, isLazy: boolean, path: string): Promise<string> {
    const call = this.#ask(name, isLazy, path);
    try {
      const value = String(await call);
      this.seen.push(value);
      return value;
    } catch (error) {
      this.seen.push(textOf(error));
      throw error;
    }
  }

  /** The arguments tell everything the action has seen, so that a call that should not have started gives itself away. */
  #ask(name: string, isLazy: boolean, path: string): Promise<unknown> {
    const args = this.#isPure ? [path] : [this.seen.length, this.seen.at(-1) ?? ""];
    const options = {
      reconciler: this.#functions.reconcilerOf(name) as (() => NotStarted) | undefined,
    };
    return isLazy
      ? this.#ctx.durableExecuteAsync(this.#durable(name), args, options)
      : this.#ctx.durableExecute(this.#durable(name), args, options);
  }

  #durable(name: string): DurableFunction<readonly unknown[], unknown> {
    const known = this.#durables.get(name);
    if (known !== undefined) return known;
    const made = durable<readonly unknown[], unknown>(name, () => this.#functions.perform(name));
    this.#durables.set(name, made);
    return made;
  }
}

export function textOf(error: unknown): string {
  if (error instanceof AggregateError) return `none of ${error.errors.map(textOf).join(", ")}`;
  return error instanceof Error ? error.message : String(error);
}

/** A number from 0 up to 1 that depends on nothing but the text. */
export function fraction(text: string): number {
  return createHash("sha1").update(text).digest().readUInt32BE() / 2 ** 32;
}

function bitOf(text: string): 0 | 1 {
  return fraction(text) < 0.5 ? 0 : 1;
}
