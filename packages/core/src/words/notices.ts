/** What a process remembers so that a warning is given once, and not with every run. */
export class Notices {
  readonly #given = new Set<string>();
  readonly #returnsVoid = new Map<string, boolean>();

  /** True the first time it is asked about `topic`. */
  isFirst(topic: string): boolean {
    if (this.#given.has(topic)) return false;
    this.#given.add(topic);
    return true;
  }

  /** Notes whether a function's recorded or observed result was undefined. */
  sawResult(functionId: string, value: unknown): void {
    if (!this.#returnsVoid.has(functionId)) this.#returnsVoid.set(functionId, value === undefined);
  }

  /** Whether the function is known to give no value; undefined when nothing was seen of it yet. */
  returnsVoid(functionId: string): boolean | undefined {
    return this.#returnsVoid.get(functionId);
  }
}
