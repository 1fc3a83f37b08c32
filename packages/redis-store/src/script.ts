import type { Cluster, Redis } from "ioredis";
import { type Operand, Operands } from "./operands.ts";
import { ScriptCommand } from "./script-command.ts";
import { Sent } from "./sent-command.ts";
import { StoreError } from "./store-error.ts";

/** Where scripts run. */
export type RedisClient = Redis | Cluster;

/** One named value of a script's contract; `type` is the word its header uses. */
export interface Field {
  readonly name: string;
  readonly type: string;
}

/** A Lua script and the contract its headers state. Made by scripts/embed-lua.ts. */
export interface Script<Keys, Args, Outcome extends { readonly tag: string }> {
  readonly name: string;
  readonly sha1: string;
  readonly keys: readonly (keyof Keys)[];
  readonly args: readonly (keyof Args)[];
  readonly outcomes: Readonly<Record<Outcome["tag"], readonly Field[]>>;
  readonly lua: string;
}

/** What a script may answer. */
export type OutcomeOf<S> =
  S extends Script<infer _Keys, infer _Args, infer Outcome> ? Outcome : never;

/** Values one after the other; or a word why there are none. */
export type Flat = Buffer | readonly Buffer[];

/** A reply as ioredis hands it out when nothing is to be decoded. */
export type Reply = Buffer | number | null | readonly Reply[];

/** Runs a script. The command is on its way when this returns; rejects with what ioredis rejects with. */
export async function runScript<Keys, Args, Outcome extends { readonly tag: string }>(
  redis: RedisClient,
  script: Script<Keys, Args, Outcome>,
  keys: Keys,
  args: Args,
): Promise<Outcome> {
  return decodeOutcome(script, await scriptCall(script, keys, args).send(redis));
}

/** A server that lacks a script is sent it. In a cluster, that may be another server than the one that said so. */
const MOST_TRIES = 10;

const NEVER_SENT = new Sent();

/** One call of a script: however often it is sent, the server gets the same bytes. */
export class ScriptCall<Keys, Args, Outcome extends { readonly tag: string }> {
  readonly #script: Script<Keys, Args, Outcome>;
  readonly #firstKey: string;
  readonly #operands: Operands;
  #unrefused = 0;
  #sent: Sent = NEVER_SENT;

  /** @param operands the number of keys, the keys and the arguments, as the script's contract has them */
  constructor(script: Script<Keys, Args, Outcome>, firstKey: string, operands: Operands) {
    this.#script = script;
    this.#firstKey = firstKey;
    this.#operands = operands;
  }

  /** Whether a copy may have been carried out, or may be still: it was sent, and was not refused. */
  get mayBeDone(): boolean {
    return this.#unrefused > 0;
  }

  /** Where it was written last. */
  get sent(): Sent {
    return this.#sent;
  }

  async send(redis: RedisClient): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const command = this.#command();
      try {
        return await this.#answer(redis, command);
      } catch (error) {
        if (!isUnknownScript(error) || tries === MOST_TRIES) throw error;
        command.forget();
      }
    }
  }

  async #answer(redis: RedisClient, command: ScriptCommand): Promise<Reply> {
    this.#sent = command.sent;
    let refused = 0;
    try {
      return (await redis.sendCommand(command)) as Reply;
    } catch (error) {
      if (error instanceof Error && error.name === "ReplyError") refused = 1;
      throw error;
    } finally {
      this.#unrefused += command.sent.copies - refused;
    }
  }

  #command(): ScriptCommand {
    const { sha1, lua } = this.#script;
    return new ScriptCommand(sha1, lua, this.#firstKey, this.#operands);
  }
}

/** A call with its operands by their names. */
export function scriptCall<Keys, Args, Outcome extends { readonly tag: string }>(
  script: Script<Keys, Args, Outcome>,
  keys: Keys,
  args: Args,
): ScriptCall<Keys, Args, Outcome> {
  const names = script.keys.flatMap((name) => keys[name]) as string[];
  const operands = new Operands();
  operands.add(names.length);
  for (const name of names) operands.add(name);
  for (const name of script.args) {
    const given = args[name] as Operand | readonly Operand[];
    if (Array.isArray(given)) for (const one of given) operands.add(one);
    else operands.add(given as Operand);
  }
  return new ScriptCall(script, names[0] ?? "", operands);
}

/** Names the values of a reply. An outcome that has none may come as its bare tag. */
export function decodeOutcome<Keys, Args, Outcome extends { readonly tag: string }>(
  script: Script<Keys, Args, Outcome>,
  reply: Reply,
): Outcome {
  const values = (Array.isArray(reply) ? reply : [reply]) as readonly Reply[];
  const tag = String(values[0]) as Outcome["tag"];
  const fields = script.outcomes[tag];
  if (fields === undefined)
    throw new StoreError(`${script.name} answered with an unknown word: ${tag}`);
  const outcome: Record<string, unknown> = { tag };
  let next = 1;
  for (const field of fields) outcome[field.name] = decodeField(field, values[next++]);
  return outcome as unknown as Outcome;
}

function decodeField({ name, type }: Field, value: Reply | undefined): unknown {
  if (type === "str") return String(value ?? "");
  if (type !== "int") return value ?? null;
  const number = Number(value ?? Number.NaN);
  if (!Number.isSafeInteger(number)) throw new StoreError(`its ${name} is not a whole number`);
  return number;
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
