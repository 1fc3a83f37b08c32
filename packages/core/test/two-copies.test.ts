import type * as Refrain from "@refrain/core";
import { defineAction, durable, OutcomeUnknownError } from "@refrain/core";
import { expect, test, vi } from "vitest";
import { Drive } from "./support/drive.ts";

const action = defineAction<null, unknown>({ name: "act" });

/** Refrain a second time, as when two versions of it are in node_modules. */
async function otherCopy(): Promise<typeof Refrain> {
  vi.resetModules();
  return import("@refrain/core");
}

test("the answers of another copy of Refrain are understood: unknown, not started, terminal", async () => {
  const other = await otherCopy();
  const drive = new Drive();
  const log: string[] = [];
  const charge = durable("charge", async () => {
    log.push("fn");
    if (log.length === 1) throw new other.OutcomeUnknownError({ retryAfterMs: 0 });
    throw new other.TerminalError("enough");
  });
  const reconciler = (): never => {
    log.push("reconciler");
    return other.notStarted() as never;
  };
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], { reconciler, retry: { backoff: { initialMs: 0 } } }),
    ),
  );
  await attempt.done;

  expect(other.OutcomeUnknownError).not.toBe(OutcomeUnknownError);
  expect(log).toEqual(["fn", "reconciler", "fn"]);
  expect(await drive.outcome()).toMatchObject({ message: "enough" });
});
