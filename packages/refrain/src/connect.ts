import { type Connection, connectRedis, type Purpose } from "@refrain/redis-store";
import type { Redis } from "ioredis";

/** The connections of one client or worker. */
export class Connections {
  readonly #template: Connection;
  readonly #owned: Redis[] = [];

  constructor(template: Connection) {
    this.#template = template;
  }

  /** A connection for the purpose; perhaps the application's own. */
  open(purpose: Purpose): Redis {
    const { redis, owned } = connectRedis(this.#template, purpose);
    return owned ? this.#keep(redis) : redis;
  }

  /** A connection that nobody else uses. */
  openOwn(purpose: Purpose): Redis {
    const { redis, owned } = connectRedis(this.#template, purpose);
    return this.#keep(owned ? redis : redis.duplicate());
  }

  /** Ends what was opened here, after what was sent on it is answered; where nobody answers, soon. */
  async close(): Promise<void> {
    await Promise.all(this.#owned.map(quit));
  }

  #keep(redis: Redis): Redis {
    this.#owned.push(redis);
    return redis;
  }
}

const QUIT_WITHIN_MS = 1000;

async function quit(redis: Redis): Promise<void> {
  if (redis.status === "ready") {
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, QUIT_WITHIN_MS).unref();
    });
    await Promise.race([Promise.allSettled([redis.quit()]), late]);
  }
  redis.disconnect();
}
