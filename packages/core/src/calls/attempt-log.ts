import type { Logger } from "pino";

const noop = (): void => {};

/** A logger that says nothing: what an action logs to when it runs without one. */
const silent: Logger = {
  fatal: noop,
  error: noop,
  warn: noop,
  info: noop,
  debug: noop,
  trace: noop,
  silent: noop,
  level: "silent",
  bindings: () => ({}),
  child: () => silent,
} as unknown as Logger;

/** What of pino this relies on beyond its types: children are reported to the logger they come from. */
interface WithOnChild {
  onChild: (child: Logger) => void;
}

/**
 * The logger an action writes to. While the action replays it is silent, and so is each child made of it meanwhile: the lines
 * were written by the attempt that lived through them.
 */
export class AttemptLog {
  readonly #base: Logger;
  readonly #bindings: Readonly<Record<string, unknown>>;
  #logger: Logger | undefined;
  #isMuted = false;
  #muted: Logger[] = [];

  constructor(base: Logger | undefined, bindings: Readonly<Record<string, unknown>>) {
    this.#base = base ?? silent;
    this.#bindings = bindings;
  }

  /** Made when first asked for: many actions log nothing. */
  get logger(): Logger {
    this.#logger ??= this.#make();
    return this.#logger;
  }

  mute(): void {
    this.#isMuted = true;
  }

  unmute(): void {
    this.#isMuted = false;
    for (const logger of this.#muted.splice(0)) logger.level = this.#base.level;
  }

  #make(): Logger {
    const logger = this.#base.child(this.#bindings);
    if (!this.#isMuted || logger === silent) return logger;
    this.#muted = [logger];
    logger.level = "silent";
    (logger as unknown as WithOnChild).onChild = (child) => {
      if (this.#isMuted) this.#muted.push(child);
    };
    return logger;
  }
}
