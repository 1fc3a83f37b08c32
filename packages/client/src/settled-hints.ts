/** Says early that a run has settled. A hint may be lost or wrong: it only moves the next look at the record forward. */
export interface SettledHints {
  /** Calls back at each hint about the run, until the returned function is called. */
  onSettled(runId: string, listener: () => void): () => void;
}
