// The typed events of a worker, and that its `on` is what the API's draft says.
import { createWorker, defineAction, type RunEvent, type Worker, type WorkerEvent } from "refrain";

const worker = createWorker({ connection: "", actions: [defineAction({ name: "a" }).implement(() => 1)] });

interface DraftWorker {
  ready(): Promise<void>;
  close(): Promise<void>;
  on(event: WorkerEvent, listener: (event: RunEvent) => void): void;
}
export const asDrafted: DraftWorker = worker;
export const asExported: Worker = worker;

worker.on("settled", ({ status, attempt }) => { status satisfies "SUCCEEDED" | "FAILED" | "CANCELLED"; attempt satisfies number; });
worker.on("outcome-unknown", ({ idempotencyKey, asks, retryInMs, slot }) => { idempotencyKey satisfies string; (asks + retryInMs + slot) satisfies number; });
worker.on("diverged", ({ dropped }) => { for (const call of dropped) call.idempotencyKey satisfies string; });
worker.on("fenced", ({ reason }) => { if (reason === "closed") return; });
for (const event of ["settled", "released"] as const) worker.on(event, ({ runId }) => { runId satisfies string; });
// @ts-expect-error no such event
worker.on("settle", () => {});
// @ts-expect-error no such field
worker.on("settled", ({ slot }) => slot);
