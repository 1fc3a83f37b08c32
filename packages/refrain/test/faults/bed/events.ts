/** A call as a journal holds it, in few words. */
export interface CallNote {
  readonly slot: number;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED";
  readonly name: string;
  readonly digest: string;
  readonly seq: number;
  /** What the outcome is; empty while there is none. */
  readonly print: string;
}

export type EntryNote =
  | ({ readonly op: "append" | "finalize" | "record" } & CallNote)
  | { readonly op: "clear"; readonly from: number; readonly to: number }
  | { readonly op: "settle"; readonly status: string; readonly print: string }
  | { readonly op: "release" };

/** A place in a run: which attempt, known by its claim's nonce, and which slot. */
interface AtCall {
  readonly run: string;
  readonly nonce: string;
  readonly slot: number;
}

/** What a worker process writes down, at the moment at which it happens. */
type WorkerNote =
  | {
      readonly kind: "claimed";
      readonly run: string;
      readonly nonce: string;
      readonly epoch: number;
      readonly journal: readonly CallNote[];
    }
  /** A group of writes leaves. Without a reply, nobody knows whether it was applied. */
  | {
      readonly kind: "sent";
      readonly run: string;
      readonly nonce: string;
      readonly n: number;
      readonly entries: readonly EntryNote[];
    }
  | {
      readonly kind: "answered";
      readonly run: string;
      readonly nonce: string;
      readonly n: number;
      readonly word: string;
    }
  /** The action asks for a call, and sees an outcome. */
  | ({ readonly kind: "ask"; readonly name: string; readonly digest: string } & AtCall)
  | ({ readonly kind: "see"; readonly print: string } & AtCall)
  /** fn begins; something outside happens; fn ends. */
  | ({
      readonly kind: "begin";
      readonly name: string;
      readonly key: string;
      readonly isReconcilable: boolean;
      /** Tries that the call's policy allows. */
      readonly tries: number;
    } & AtCall)
  | ({
      readonly kind: "effect";
      readonly key: string;
      readonly token: string;
      readonly value: string;
      readonly hasFailed: boolean;
    } & AtCall)
  | ({
      readonly kind: "end";
      readonly key: string;
      readonly how: "returned" | "threw" | "unknown";
      readonly token: string;
    } & AtCall)
  /** The reconciler is asked, and answers. */
  | ({ readonly kind: "question"; readonly key: string } & AtCall)
  | ({
      readonly kind: "verdict";
      readonly key: string;
      readonly answer: "returned" | "threw" | "not-started" | "unknown";
      readonly token: string;
    } & AtCall)
  /** The process takes runs, or has seen its event loop stand still. */
  | { readonly kind: "ready"; readonly version: string }
  | { readonly kind: "lag"; readonly ms: number };

/** What whoever drives the bed writes down. */
export type DriverNote =
  | {
      readonly kind: "enqueued";
      readonly run: string;
      readonly input: string;
      readonly width: number;
      readonly reply: "created" | "existing" | "conflict" | "error";
    }
  | { readonly kind: "fault"; readonly name: string; readonly on?: string; readonly text: string }
  | { readonly kind: "healed"; readonly name: string; readonly on?: string }
  | {
      readonly kind: "result";
      readonly run: string;
      readonly status: string;
      readonly print: string;
    }
  /** How a run stands when all is quiet; without a status there is no such run. */
  | {
      readonly kind: "final";
      readonly run: string;
      readonly status: string;
      readonly epoch: number;
      readonly v: number;
      readonly input: string;
      readonly print: string;
      readonly calls: readonly CallNote[];
      readonly job: string;
    }
  | { readonly kind: "leaks"; readonly keys: readonly string[] };

export type BedNote = WorkerNote | DriverNote;

/** A note in the ledger: `by` whom, and when on the machine's one monotonic clock, milliseconds. */
export type BedEvent = BedNote & { readonly by: string; readonly t: number };
export type EventOf<K extends BedEvent["kind"]> = Extract<BedEvent, { readonly kind: K }>;
