import { Command } from "ioredis";
import type { Operands } from "./operands.ts";

/** The scripts that were sent on each socket: its server has them, unless somebody flushed them. */
const sentOn = new WeakMap<object, Set<string>>();

/**
 * A script as ioredis sends it, and sends it again on another socket: with its source the first time on each, by its
 * digest afterwards. So no script is ever overtaken by a command that was issued after it.
 */
export class ScriptCommand extends Command {
  readonly #sha1: string;
  readonly #lua: string;
  readonly #operands: Operands;
  #sent: Set<string> | undefined;
  #copies = 0;

  /** @param firstKey tells a cluster's client where to send the command */
  constructor(sha1: string, lua: string, firstKey: string, operands: Operands) {
    super("evalsha", [sha1, 1, firstKey]);
    this.#sha1 = sha1;
    this.#lua = lua;
    this.#operands = operands;
  }

  /** How often it was written to a socket. ioredis writes it again, unasked, when a connection ends before its reply. */
  get copies(): number {
    return this.#copies;
  }

  override toWritable(socket: object): Buffer {
    this.#copies += 1;
    const sent = sentOn.get(socket) ?? new Set();
    sentOn.set(socket, sent);
    this.#sent = sent;
    if (sent.has(this.#sha1)) return this.#operands.toCommand("EVALSHA", this.#sha1);
    sent.add(this.#sha1);
    return this.#operands.toCommand("EVAL", this.#lua);
  }

  /** Has the next command send the source again: the server answered NOSCRIPT. */
  forget(): void {
    this.#sent?.delete(this.#sha1);
  }
}
