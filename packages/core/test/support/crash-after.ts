import { ClaimLostError, type DurableContext, durable, type Implementation } from "@refrain/core";
import type { Drive } from "./drive.ts";
import { gate } from "./gate.ts";

/** What ends an attempt whose worker is gone. */
export const crash = new ClaimLostError("lock", "the worker died");

const never = durable("never", () => new Promise(() => {}));

/** An attempt that goes as far as the call that never returns, and dies there. */
export async function crashAfter(
  drive: Drive,
  action: { implement(handler: (ctx: DurableContext) => unknown): Implementation },
  handler: (ctx: DurableContext) => unknown,
): Promise<void> {
  const reached = gate();
  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      await handler(ctx);
      reached.arrive();
      await ctx.durableExecute(never);
    }),
  );
  await reached.reached;
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  attempt.abort(crash);
}
