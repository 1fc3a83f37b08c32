/** How much one run may hold. What would exceed a limit is refused before anything is lost. */
export interface Limits {
  /** One encoded value: an input, a result, an output. Default 1 MiB. */
  readonly maxValueBytes: number;
  /** All calls of one run together. Default 16 MiB. */
  readonly maxJournalBytes: number;
  /** Calls of one run. Default 10,000. */
  readonly maxCalls: number;
}

export const defaultLimits: Limits = {
  maxValueBytes: 1024 * 1024,
  maxJournalBytes: 16 * 1024 * 1024,
  maxCalls: 10_000,
};
