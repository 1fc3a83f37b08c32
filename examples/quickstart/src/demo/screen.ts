const CLEAR_LINE = "\r\u001B[2K";

/**
 * Shows how things stand: on a terminal one line that is written over, elsewhere a line a second. Notes stay, and on
 * a terminal they scroll past above the line.
 */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #line: () => string;
  readonly #timer: NodeJS.Timeout;

  constructor(out: NodeJS.WriteStream, line: () => string) {
    this.#out = out;
    this.#line = line;
    this.#timer = setInterval(() => this.#draw(), out.isTTY ? 250 : 1000);
  }

  note(text: string): void {
    this.#out.write(this.#out.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    if (this.#out.isTTY) this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE);
  }

  #draw(): void {
    this.#out.write(this.#out.isTTY ? CLEAR_LINE + this.#line() : `${this.#line()}\n`);
  }
}
