/**
 * Tells whether a second batch under way is worth it. It is where the process has something to do with each reply: then it
 * works while the store does. Where a batch mostly waits, for a disk that syncs every one, two would wait twice as often.
 */
export class Overlap {
  /** Of the time from one reply to the next, the part in which the process was at work; smoothed. */
  #workShare = 0.5;
  #isWorthwhile = true;
  #workMs = 0;
  #answeredAt: number | undefined;

  get isWorthwhile(): boolean {
    return this.#isWorthwhile;
  }

  /** A batch leaves. All times are of one clock that never jumps, milliseconds. */
  sent(at: number): void {
    if (this.#answeredAt !== undefined) this.#workMs = at - this.#answeredAt;
    this.#answeredAt = undefined;
  }

  /** A batch has its reply. */
  answered(at: number, sentAt: number): void {
    this.#answeredAt = at;
    const bothMs = this.#workMs + at - sentAt;
    if (bothMs <= 0) return;
    this.#workShare += (this.#workMs / bothMs - this.#workShare) / SMOOTHING;
    // With two under way each is smaller, and waits for the other as well.
    this.#isWorthwhile = this.#workShare > (this.#isWorthwhile ? LEAST_WITH_TWO : LEAST_WITH_ONE);
  }
}

const SMOOTHING = 8;
const LEAST_WITH_ONE = 1 / 3;
const LEAST_WITH_TWO = 1 / 5;
