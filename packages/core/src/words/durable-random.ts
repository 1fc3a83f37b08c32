import { hash } from "node:crypto";

/**
 * Randomness that replays: a sequence fixed by the run. Equal calls in equal order give equal values on every attempt; two
 * runs, also two of one id after the first one's retention, share nothing.
 */
export class DurableRandom {
  readonly #seed: string;
  #numbers = 0;
  #uuids = 0;

  constructor(runId: string, createdAt: number) {
    this.#seed = `${createdAt}/${runId}`;
  }

  /** A number from 0 up to 1, with 48 random bits. */
  random(): number {
    const digest = hash("sha256", `random/${this.#numbers++}/${this.#seed}`);
    return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48;
  }

  /** A UUID, version 4. */
  uuid(): string {
    const hex = hash("sha256", `uuid/${this.#uuids++}/${this.#seed}`);
    const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}
