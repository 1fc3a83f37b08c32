import type { CallIdentity } from "../words/call-identity.ts";
import type { CallResult } from "../words/call-result.ts";

export type DivergencePolicy = "clear" | "guard" | "fail";

/** Two releases must not clear each other's journals for ever: a run is cleared this often at most, then it fails. */
export const MAX_CLEARS = 3;

/** What follows from a divergence. `why` ends up in the error and in the log. */
export type DivergencePlan =
  | { readonly kind: "clear" }
  | { readonly kind: "fail"; readonly why: string };

/**
 * Decides about a journal that holds another call than the action asks for; pure.
 *
 * @param dropped every call the clear would take, the found one first
 * @param clears how often this run was cleared before
 */
export function planDivergence(
  policy: DivergencePolicy,
  dropped: readonly CallResult[],
  clears: number,
): DivergencePlan {
  if (policy === "fail") return { kind: "fail", why: 'onDivergence is "fail"' };
  // A reopened call without a reconciler is known to have failed: nothing of it is under way.
  const started = dropped.find((call) => call.status === "PENDING" && call.reconcilable);
  if (policy === "guard" && started !== undefined) {
    return {
      kind: "fail",
      why: `onDivergence is "guard", and clearing would drop ${started.functionId} at slot ${started.slot}, which was started and whose outcome is not known`,
    };
  }
  if (clears >= MAX_CLEARS) {
    return { kind: "fail", why: `the journal was cleared ${clears} times already` };
  }
  return { kind: "clear" };
}

/**
 * One line that tells the author of an action what diverged and what that says about the code.
 *
 * @param found what the action asks for; undefined when it ended without asking
 */
export function describeDivergence(
  runId: string,
  expected: CallResult,
  found: CallIdentity | undefined,
): string {
  const where = `run ${runId}, slot ${expected.slot}: the journal holds ${expected.functionId}`;
  if (found === undefined) {
    return `${where}, but the action ended without asking for it: its code changed while this run was under way, or its path depends on something that is not recorded`;
  }
  if (expected.functionId === found.functionId) {
    return `${where} with other arguments (recorded digest ${expected.argsDigest || "none"}, now ${found.argsDigest || "none"}): the arguments depend on something that is not recorded`;
  }
  return `${where} where the action now calls ${found.functionId}: its code changed while this run was under way, or its path depends on something that is not recorded`;
}
