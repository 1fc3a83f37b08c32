import { serverTime } from "@refrain/client";
import type { Clock } from "@refrain/core";
import type { Cluster, Redis } from "ioredis";
import type { Logger } from "pino";

/** Clocks that differ by less than this are taken to agree. */
export const TOLERATED_LEAD_MS = 1000;

const FRESH_FOR_MS = 10_000;

/** How far this machine's clock is ahead of Redis's; asked only when somebody needs to know, and remembered for a while. */
export class ServerClock {
  readonly #redis: Redis | Cluster;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #askedAt = Number.NEGATIVE_INFINITY;
  #lead: Promise<number> = Promise.resolve(0);

  constructor(redis: Redis | Cluster, clock: Clock, logger: Logger) {
    this.#redis = redis;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Milliseconds; negative when this machine's clock is behind. 0 when they agree, and when Redis does not say in time. */
  leadMs(): Promise<number> {
    const now = this.#clock.monotonic();
    if (now - this.#askedAt >= FRESH_FOR_MS) {
      this.#askedAt = now;
      this.#lead = this.#measure().catch(() => 0);
    }
    return this.#lead;
  }

  async #measure(): Promise<number> {
    const before = this.#clock.now();
    const server = await serverTime(this.#redis);
    const uncertaintyMs = (this.#clock.now() - before) / 2;
    const leadMs = before + uncertaintyMs - server;
    // An answer that a lost connection held up tells nothing.
    if (Math.abs(leadMs) - uncertaintyMs <= TOLERATED_LEAD_MS) return 0;
    this.#logger.warn({ leadMs }, SKEWED);
    return leadMs;
  }
}

const SKEWED =
  "this machine's clock and Redis's differ by more than a second: delays of runs may end late or early, and nothing is lost by it. Set both by NTP";
