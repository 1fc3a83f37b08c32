import { checkOptions, codecOf, msgpackCodec } from "@refrain/core";
import type { Hono } from "hono";
import { boardApp } from "./board-app.ts";
import type { BoardOptions } from "./board-options.ts";
import { openParts } from "./open-parts.ts";
import { redactSecrets } from "./redact.ts";
import { RunQueueAdapter } from "./run-queue-adapter.ts";

/** Bull Board over a set of queues, each job shown as the run behind it. */
export interface Board {
  /** Serves the board under `basePath`; mount it with `server.route("/", board.app)`. */
  readonly app: Hono;
  /** Rejects with a clear error when Redis does not answer within 5 s. */
  ready(): Promise<void>;
  /** Closes what the board opened itself. */
  close(): Promise<void>;
}

const COMMON = ["queues", "namespace", "readOnly", "auth", "basePath", "redact", "codec"];
const CONNECTED = ["connection", "shards", ...COMMON];
const ASSEMBLED = ["store", ...COMMON];

/** Makes a board without serving it. Unless told otherwise it is read-only, and answers only its own machine. */
export function createBoard(options: BoardOptions): Board {
  const isAssembled = "store" in options;
  checkOptions("createBoard", options, isAssembled ? ASSEMBLED : CONNECTED);
  if (!Array.isArray(options.queues)) {
    throw new TypeError(
      `createBoard: queues must be an array of ${isAssembled ? "Queues" : "names"}`,
    );
  }
  const { readOnly = true, auth, redact = redactSecrets } = options;
  const codec = codecOf(options.namespace ?? "refrain", options.codec ?? msgpackCodec);
  const basePath = checkBasePath(options.basePath ?? "/");
  if (isAssembled && !readOnly && options.store.reopen === undefined) {
    throw new TypeError("createBoard: readOnly: false needs a store that can `reopen` runs");
  }
  const parts = openParts(options);
  let adapters: readonly RunQueueAdapter[] = [];
  const queues = (): readonly RunQueueAdapter[] => {
    const shown = parts.queues();
    // Shards are only ever added.
    if (shown.length !== adapters.length) {
      adapters = shown.map(({ queue, prefix }) => {
        const buttons = { readOnlyMode: readOnly, allowCompletedRetries: false, prefix };
        return new RunQueueAdapter(queue, parts.store, { codec, redact }, buttons);
      });
    }
    return adapters;
  };
  const app = boardApp({ queues, lookAgain: () => parts.lookAgain(), basePath, readOnly, auth });
  return { app, ready: () => parts.ready(), close: () => parts.close() };
}

function checkBasePath(basePath: string): string {
  if (/^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/.test(basePath)) return basePath;
  throw new TypeError(
    `createBoard: basePath must be "/" or like "/ops/runs", without a slash at its end, not ${JSON.stringify(basePath)}`,
  );
}
