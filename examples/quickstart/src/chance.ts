import { createHash } from "node:crypto";

/**
 * A number from 0 up to 1 that depends on the seed and the question alone. There is no state to advance, so a seed
 * repeats its answers in whatever order and from whatever process they are asked.
 */
export function chance(seed: number, ...question: readonly (string | number)[]): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, ...question]))
    .digest();
  return digest.readUInt32BE() / 2 ** 32;
}
