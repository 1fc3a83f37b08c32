import { type Attempt, ClaimLostError } from "@refrain/core";

/** The attempts that run in this process, in whichever worker: scope and run id -> attempt. */
const here = new Map<string, Attempt>();

export interface AttemptHere {
  readonly attempt: Attempt;
  /** To be called when the attempt is over. */
  readonly leave: () => void;
}

/**
 * Starts an attempt in this process. A run that is delivered to the process which still works at it has one attempt too many:
 * the one with the older claim ends at once, before its store tells it so, and before the newer one begins.
 *
 * @param scope tells runs of one id apart that live in different namespaces or servers; no scope is the start of another
 * @returns undefined when it is this attempt that is too old to begin
 */
export function beginAttempt(
  scope: string,
  claimed: { readonly runId: string; readonly epoch: number },
  start: () => Attempt,
): AttemptHere | undefined {
  const { runId, epoch } = claimed;
  const key = `${scope}${runId}`;
  const other = here.get(key);
  if (other !== undefined && other.epoch > epoch) return undefined;
  other?.abort(supersededBy(runId, epoch));
  const attempt = start();
  here.set(key, attempt);
  const leave = (): void => {
    if (here.get(key) === attempt) here.delete(key);
  };
  return { attempt, leave };
}

export function supersededBy(runId: string, epoch: number): ClaimLostError {
  return new ClaimLostError(
    "superseded",
    `run ${runId}: attempt ${epoch} began in this very process, so the older one had lost its lock`,
  );
}
