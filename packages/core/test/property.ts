import fc from "fast-check";

const FIXED_SEED = 20_260;
const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 300);

/**
 * Checks a property twice: with a fixed seed, so that every machine sees the same cases, and with a new one, so that time
 * finds more. A failure prints its seed and path.
 */
export function holds<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void): void {
  const property = fc.property(arbitrary, predicate);
  fc.assert(property, { seed: FIXED_SEED, numRuns: RUNS });
  fc.assert(property, { numRuns: RUNS });
}

/** Any plain data the codec keeps as it is, nested. */
export const storable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const leaf = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.integer(),
    fc.double().filter((number) => !Object.is(number, -0)),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.float64Array(),
    fc.bigInt64Array(),
  );
  const key = fc.string().filter((text) => text !== "__proto__" && text !== "__keys__");
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((e) => new Map(e)),
      fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    ),
  };
}).value;
