/** Rules of the oracle: S and L as the invariants are numbered, and what else must hold of a bed. */
export type Rule =
  | "S1 record once"
  | "S2 no execution after record"
  | "S3 start once"
  | "S4 same value"
  | "S5 same path"
  | "S6 one outcome"
  | "S7 fencing"
  | "S8 no second body unasked"
  | "S9 one key per call"
  | "S10 one run per id"
  | "S11 no husk"
  | "S12 hygiene"
  | "L1 every run ends"
  | "L2 one attempt in quiet"
  | "drain";

/** Something that must never happen, and did. */
export interface Breach {
  readonly rule: Rule;
  readonly run: string;
  /** What happened, readable without the ledger at hand. */
  readonly text: string;
}
