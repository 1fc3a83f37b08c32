import {
  type Connection,
  connectRedis,
  endConnection,
  type Purpose,
  type RedisClient,
} from "@refrain/redis-store";

/** The connections of one client or worker. */
export class Connections {
  readonly #template: Connection;
  readonly #owned: RedisClient[] = [];

  constructor(template: Connection) {
    this.#template = template;
  }

  /** A connection for the purpose; for `queue` perhaps the application's own. */
  open(purpose: Purpose): RedisClient {
    const { redis, owned } = connectRedis(this.#template, purpose);
    if (owned) this.#owned.push(redis);
    return redis;
  }

  /**
   * Ends what was opened here, after `last` is done and what was sent is answered; where nobody answers, soon. Whatever still
   * waits for an answer is then told that there is no connection.
   */
  async close(last: Promise<unknown>): Promise<void> {
    await soon(last);
    await Promise.all(this.#owned.map(quit));
  }
}

async function quit(redis: RedisClient): Promise<void> {
  if (redis.status === "ready") await soon(redis.quit());
  endConnection(redis);
}

const SOON_MS = 500;

/** Resolves when the promise has settled, or after a while. */
async function soon(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SOON_MS);
  });
  await Promise.race([Promise.allSettled([promise]), late]);
  clearTimeout(timer);
}
