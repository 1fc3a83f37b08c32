import type { Clock } from "@refrain/core";
import { type Durability, type Wait, waitsOf } from "./durability-option.ts";
import { pauseAfter } from "./pause.ts";
import { type RedisClient, type Reply, type ScriptCall, scriptCall } from "./script.ts";
import { touch } from "./scripts.generated.ts";
import { type Sent, SentCommand } from "./sent-command.ts";
import type { Troubles } from "./troubles.ts";

export interface AcknowledgementsOptions {
  readonly redis: RedisClient;
  /** The key that is touched. */
  readonly key: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly troubles: Troubles;
}

/** Short enough to notice a server that is gone, and not to hold up what else the connection is asked for long. */
const WAIT_MS = 500;
/** How long somebody who asked for one thing waits for it. */
const IN_TIME_MS = 5000;

/**
 * Sends scripts, and takes for acknowledged only what has arrived where it must. A touch and the waits follow a script on its
 * connection at once, in one round trip. They say something only about what was written before them on the same socket:
 * where ioredis changed it meanwhile, the script is sent again, and waited for again.
 */
export class Acknowledgements {
  readonly #options: AcknowledgementsOptions;
  readonly #waits: readonly Wait[];
  #round: Promise<Round> | undefined;
  #nextRound: Promise<Round> | undefined;

  /** @throws TypeError on a cluster's connection: WAIT speaks of the one connection it comes by, and that has many. */
  constructor(options: AcknowledgementsOptions) {
    const { redis, durability } = options;
    if (redis.isCluster) {
      throw new TypeError(
        "durability cannot be waited for over a cluster: set `min-replicas-to-write` and `appendfsync always` on its nodes instead",
      );
    }
    this.#options = options;
    this.#waits = waitsOf(durability, waitMs(redis));
  }

  /**
   * Resolves to what the script answered, once that is safe. The script is on its way when this returns.
   *
   * @param isWanted when it says no, the reply is handed out as it is
   * @throws what ioredis rejects with
   */
  async send<Keys, Args, Outcome extends { readonly tag: string }>(
    call: ScriptCall<Keys, Args, Outcome>,
    isWanted: () => boolean = () => true,
  ): Promise<Reply> {
    const { redis, clock } = this.#options;
    for (let failures = 0; ; failures++) {
      const answered = call.send(redis);
      const round = this.#follow();
      const reply = await answered;
      if ((await this.#isSafe(call.sent, round, isWanted)) || !isWanted()) return reply;
      await pauseAfter(failures, clock);
    }
  }

  /** The same, within 5 s: resolves to undefined when the script may be carried out and is not known to be safe by then. */
  async sendInTime<Keys, Args, Outcome extends { readonly tag: string }>(
    call: ScriptCall<Keys, Args, Outcome>,
  ): Promise<Reply | undefined> {
    const { clock } = this.#options;
    let isLate = false;
    const undo: (() => void)[] = [];
    const late = new Promise<undefined>((resolve) => {
      const cancel = clock.timer(IN_TIME_MS, () => {
        isLate = true;
        resolve(undefined);
      });
      undo.push(cancel);
    });
    try {
      return await Promise.race([this.send(call, () => !isLate), late]);
    } finally {
      for (const cancel of undo) cancel();
    }
  }

  /** @returns false when nobody can say, and the script must be sent again */
  async #isSafe(script: Sent, first: Promise<Round>, isWanted: () => boolean): Promise<boolean> {
    for (let following = first; ; following = this.#follow()) {
      const round = await following;
      if (round.missing !== undefined) this.#options.troubles.missing(round.missing);
      if (!isWanted()) return true;
      if (round.hasFailed || round.socket !== script.socket) return false;
      // A round that began before the script arrived speaks of others.
      if (round.nth > script.nth && round.missing === undefined) return true;
    }
  }

  /** A round that begins after this call: now, or when the one under way has ended. */
  #follow(): Promise<Round> {
    if (this.#round === undefined) return this.#begin();
    this.#nextRound ??= this.#round.then(() => this.#begin());
    return this.#nextRound;
  }

  #begin(): Promise<Round> {
    this.#nextRound = undefined;
    const round = this.#ask().finally(() => {
      this.#round = undefined;
    });
    this.#round = round;
    return round;
  }

  async #ask(): Promise<Round> {
    const { redis, key } = this.#options;
    const call = scriptCall(touch, { ack: key }, {});
    const touching = call.send(redis);
    const commands = this.#waits.map(({ name, args }) => new SentCommand(name, [...args]));
    const waiting = commands.map((command) => redis.sendCommand(command));
    const [touched, ...replies] = await Promise.allSettled([touching, ...waiting]);
    const { socket, nth } = call.sent;
    const errors = [touched, ...replies].flatMap((each) =>
      each.status === "rejected" ? [each.reason as unknown] : [],
    );
    if (errors.length > 0) return { socket, nth, hasFailed: true, missing: String(errors[0]) };
    const inOrder = commands.every(({ sent }) => sent.socket === socket && sent.nth > nth);
    if (!inOrder) return { socket: undefined, nth, hasFailed: true, missing: undefined };
    const missing = this.#waits.flatMap((wait, index) => {
      const reply = replies[index];
      return (reply?.status === "fulfilled" ? wait.missing(reply.value) : "no reply") ?? [];
    });
    return { socket, nth, hasFailed: false, missing: missing[0] };
  }
}

/** A connection that takes a server's silence for its end must hear of it before. */
function waitMs({ options }: RedisClient): number {
  const silentMs =
    "socketTimeout" in options
      ? (options.socketTimeout ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(WAIT_MS, Math.floor(silentMs / 2)));
}

/** One touch and what was waited for behind it. */
interface Round {
  /** Where all of it went. */
  readonly socket: object | undefined;
  /** When the touch was written, among all commands. */
  readonly nth: number;
  /** Nobody can say what it covers. */
  readonly hasFailed: boolean;
  /** What has not arrived yet, or why that is not known. */
  readonly missing: string | undefined;
}
