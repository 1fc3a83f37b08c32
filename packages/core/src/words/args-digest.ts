import { hash } from "node:crypto";
import { canonicalForm } from "./canonical-form.ts";

/**
 * The digest by which a journal tells calls of one function apart: the first 16 hex characters of the SHA-256 of the
 * arguments' canonical form. Their order counts, the order of an object's keys does not; 1, "1", 1n and true differ, and so
 * do null and undefined, NaN and null, 0 and -0, a Buffer and a Uint8Array.
 *
 * @throws TypeError that names the place (`args[1].items[0].fn is a function; …`) when an argument has no canonical
 *   form: functions, symbols, cycles, class instances.
 */
export function argsDigest(args: readonly unknown[]): string {
  return args.length === 0 ? NO_ARGS : digestOf(args);
}

const NO_ARGS = digestOf([]);

function digestOf(args: readonly unknown[]): string {
  return hash("sha256", canonicalForm(args, "args")).slice(0, 16);
}
