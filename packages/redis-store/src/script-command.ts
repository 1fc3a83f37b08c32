import { Command } from "ioredis";
import { corkForNow } from "./cork.ts";
import type { Operands } from "./operands.ts";
import { Sent } from "./sent-command.ts";

/** The scripts that were sent on each socket: its server has them, unless somebody flushed them. */
const knownOn = new WeakMap<object, Set<string>>();

/**
 * A script as ioredis sends it, and sends it again on another socket: with its source the first time on each, by its
 * digest afterwards. So no script is ever overtaken by a command that was issued after it.
 */
export class ScriptCommand extends Command {
  readonly sent: Sent = new Sent();
  readonly #sha1: string;
  readonly #lua: string;
  readonly #operands: Operands;
  #known: Set<string> | undefined;

  /** @param firstKey tells a cluster's client where to send the command */
  constructor(sha1: string, lua: string, firstKey: string, operands: Operands) {
    super("evalsha", [sha1, 1, firstKey]);
    this.#sha1 = sha1;
    this.#lua = lua;
    this.#operands = operands;
  }

  override toWritable(socket: object): Buffer {
    corkForNow(socket);
    this.sent.on(socket);
    const known = knownOn.get(socket) ?? new Set();
    knownOn.set(socket, known);
    this.#known = known;
    if (known.has(this.#sha1)) return this.#operands.toCommand("EVALSHA", this.#sha1);
    known.add(this.#sha1);
    return this.#operands.toCommand("EVAL", this.#lua);
  }

  /** Has the next command send the source again: the server answered NOSCRIPT. */
  forget(): void {
    this.#known?.delete(this.#sha1);
  }
}
