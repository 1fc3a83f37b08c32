import type { CallSpec } from "./call-spec.ts";

/** Throws when a run calls two functions under one id; notes the first of each id in `known`. */
export function checkFunction(spec: CallSpec, known: Map<string, unknown>, runId: string): void {
  const { fn } = spec;
  if (fn === undefined) return;
  const { functionId } = spec.identity;
  const first = known.get(functionId);
  if (first === undefined) {
    known.set(functionId, fn);
  } else if (first !== fn) {
    throw new TypeError(
      `run ${runId}: two different functions are called under the id "${functionId}" (${nameOf(first)} and ${nameOf(fn)}): give each its own id with durable(id, fn), and make it outside the action`,
    );
  }
}

function nameOf(fn: unknown): string {
  const source = String(fn).replaceAll(/\s+/g, " ");
  return source.length > 60 ? `${source.slice(0, 57)}…` : source;
}
