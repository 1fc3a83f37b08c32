import { defineAction, durable, notStarted, OutcomeUnknownError } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";

const action = defineAction<null, unknown>({ name: "act" });

test("a fn that does not know what happened has not used up a try", async () => {
  const drive = new Drive();
  const says = [new OutcomeUnknownError({ retryAfterMs: 0 }), new Error("once"), undefined];
  const charge = durable("charge", async () => {
    const error = says.shift();
    if (error !== undefined) throw error;
    return "charged";
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], {
        reconciler: () => notStarted(),
        retry: { attempts: 2, backoff: { initialMs: 0 } },
      }),
    ),
  );
  await attempt.done;

  expect(await drive.outcome()).toBe("charged");
});
