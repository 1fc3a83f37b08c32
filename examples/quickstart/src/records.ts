// The lines of the files that the client leaves behind.

/** What became of placing one valid line. */
export interface Intake {
  readonly line: number;
  readonly orderId: string;
  readonly intake: "accepted" | "repeated" | "conflicting";
}

/** How the run of one accepted order ended. */
export interface Outcome {
  readonly orderId: string;
  readonly status: string;
  readonly paymentId?: string;
  /** Why there is no receipt: the name of a known error class, or an unexpected error in words. */
  readonly error?: string;
}
