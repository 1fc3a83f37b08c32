import {
  type CallResult,
  type CommitPort,
  decodeCall,
  type Group,
  type GroupReply,
  isSettled,
  type JournalEntry,
  msgpackCodec,
  reviveError,
} from "@refrain/core";
import type { BedLedger } from "./bed-ledger.ts";
import type { CallNote, EntryNote } from "./events.ts";
import { printOf } from "./values.ts";

/** Writes down what goes to journals before it goes, and what comes back before the worker learns of it. */
export class NotingPort implements CommitPort {
  readonly #port: CommitPort;
  readonly #ledger: BedLedger;

  constructor(port: CommitPort, ledger: BedLedger) {
    this.#port = port;
    this.#ledger = ledger;
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    for (const group of batch) {
      if (group.kind === "claim") continue;
      const { runId: run, nonce, n } = group;
      this.#ledger.write({ kind: "sent", run, nonce, n, entries: group.entries.map(entryNote) });
    }
    const replies = await this.#port.send(batch);
    for (const [index, group] of batch.entries()) {
      const word = replies[index]?.word;
      if (group.kind === "claim" || word === undefined) continue;
      const { runId: run, nonce, n } = group;
      this.#ledger.write({ kind: "answered", run, nonce, n, word });
    }
    return replies;
  }
}

export function callNote(call: CallResult): CallNote {
  const { slot, status, functionId: name, argsDigest: digest } = call;
  const seq = isSettled(call) ? call.seq : -1;
  return { slot, status, name, digest, seq, print: printOfCall(call) };
}

function printOfCall(call: CallResult): string {
  if (!isSettled(call)) return "";
  return printOf(
    call.status === "SUCCEEDED" ? msgpackCodec.decode(call.payload) : errorIn(call.payload),
  );
}

function entryNote(entry: JournalEntry): EntryNote {
  switch (entry.op) {
    case "append":
    case "finalize":
    case "record":
      return { op: entry.op, ...callNote(decodeCall(entry.slot, entry.bytes)) };
    case "clear":
      return { op: "clear", from: entry.from, to: entry.to };
    case "release":
      return { op: "release" };
    case "settle": {
      const { status, payload } = entry.settlement;
      return { op: "settle", status, print: printOfOutcome(status, payload) };
    }
  }
}

/** What a run's outcome is, in few characters. */
export function printOfOutcome(status: string, payload: Uint8Array): string {
  if (status === "SUCCEEDED") return printOf(msgpackCodec.decode(payload));
  return printOf(errorIn(payload));
}

/** Plain msgpack reads an error wherever it belongs. */
function errorIn(payload: Uint8Array): Error {
  return reviveError(payload, msgpackCodec, {
    kind: "error",
    action: "",
    runId: "",
    call: undefined,
  });
}
