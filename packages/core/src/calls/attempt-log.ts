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
  readonly logger: Logger;
  readonly #level: string;
  #muted: Logger[] | undefined;

  constructor(base: Logger | undefined, bindings: Readonly<Record<string, unknown>>) {
    this.logger = base === undefined ? silent : base.child(bindings);
    this.#level = this.logger.level;
  }

  mute(): void {
    if (this.#muted !== undefined || this.logger === silent) return;
    const muted: Logger[] = [this.logger];
    this.#muted = muted;
    this.logger.level = "silent";
    (this.logger as unknown as WithOnChild).onChild = (child) => {
      if (this.#muted !== undefined) muted.push(child);
    };
  }

  unmute(): void {
    if (this.#muted === undefined) return;
    for (const logger of this.#muted) logger.level = this.#level;
    this.#muted = undefined;
  }
}
