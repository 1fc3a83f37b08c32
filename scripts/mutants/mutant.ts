/** A piece of product source, and what a mutant has there instead. */
export type Edit = readonly [from: string, to: string];

/** A small fault put into the product, and the test that must notice. */
export interface Mutant {
  /** From the root of the repository. A Lua file stands for what is generated from it. */
  readonly file: string;
  /** Each `from` stands in the file once. */
  readonly edits: readonly Edit[];
  readonly caughtBy: { readonly file: string; readonly title: string };
}

export type Mutants = Readonly<Record<string, Mutant>>;

/**
 * The source with the mutant's fault in it.
 *
 * @throws Error when the product no longer reads as the mutant expects.
 */
export function mutate(name: string, { file, edits }: Mutant, source: string): string {
  let mutated = source;
  for (const [from, to] of edits) {
    const [before, after, ...more] = mutated.split(from);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`mutant "${name}": ${file} does not hold this exactly once: ${from}`);
    }
    mutated = before + to + after;
  }
  return mutated;
}
