import type { Clock } from "@refrain/core";

const SAY_AGAIN_AFTER_MS = 30_000;

/** Says what keeps writes waiting: each kind of trouble when it begins, and every 30 s while it lasts. */
export class Troubles {
  readonly #clock: Clock;
  readonly #tell: (message: string) => void;
  readonly #saidAt = new Map<string, number>();

  constructor(clock: Clock, tell: (message: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  say(kind: string, message: string): void {
    const now = this.#clock.monotonic();
    const saidAt = this.#saidAt.get(kind);
    if (saidAt !== undefined && now - saidAt < SAY_AGAIN_AFTER_MS) return;
    this.#saidAt.set(kind, now);
    this.#tell(message);
  }

  /** A server said why it does not write. Connections that are lost are another's to report. */
  refusedBy(error: unknown): void {
    const refusal = refusalIn(error);
    if (refusal === undefined) return;
    const [word = ""] = refusal.split(" ");
    this.say(word, `Redis takes no writes for now: ${refusal}. ${WAITING}`);
  }

  /** Not everything has arrived where `durability` wants it. */
  missing(what: string): void {
    this.say("missing", `Redis does not yet say that writes are safe: ${what}. ${WAITING}`);
  }
}

/** What a server said; a cluster's client that gave up says it of the node it asked last. */
function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "ReplyError") return error.message;
  return /^Too many Cluster redirections\. Last error: ReplyError: (?<refusal>.*)$/s.exec(
    error.message,
  )?.groups?.["refusal"];
}

const WAITING = "What is to be written waits, and no run fails by it";
