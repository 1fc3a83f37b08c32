import { Command } from "ioredis";
import type { Operands } from "./operands.ts";

/** HMGET of many slots: ioredis's own spends as long on writing their numbers as on reading what they hold. */
export class SlotsCommand extends Command {
  readonly #key: string;
  readonly #slots: Operands;

  constructor(key: string, slots: Operands) {
    super("hmget", [key]);
    this.#key = key;
    this.#slots = slots;
  }

  override toWritable(): Buffer {
    return this.#slots.toCommand("HMGET", this.#key);
  }
}
