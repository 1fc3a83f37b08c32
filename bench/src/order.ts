import { type DurableContext, durable } from "@refrain/core";
import type { Work } from "./contenders.ts";
import { step } from "./system.ts";

/** What Refrain's action is given. */
export interface Order extends Work {
  readonly id: string;
}

const durableStep = durable("bench.step", step);

/** The action: sequential calls, each with arguments of its own, and a use of what they return. */
export async function makeCalls(ctx: DurableContext, order: Order): Promise<number> {
  const { id, calls, isReconcilable } = order;
  const options = isReconcilable ? { reconciler: () => step(id, 0) } : {};
  let length = 0;
  for (let index = 0; index < calls; index += 1) {
    length += (await ctx.durableExecute(durableStep, [id, index], options)).length;
  }
  return length;
}
