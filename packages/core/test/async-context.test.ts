import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { type DurableContext, defineAction, durable, LocalRunner } from "@refrain/core";
import { expect, test } from "vitest";

const tenants = new AsyncLocalStorage<number>();
const action = defineAction<number, unknown>({ name: "act" });
const tenant = durable("tenant", async (_name: string) => tenants.getStore());
const slowly = async (): Promise<number | undefined> => {
  await turn();
  return tenants.getStore();
};

test.each([
  ["fn", (ctx: DurableContext, n: string) => ctx.durableExecute(tenant, [n])],
  [
    "fn with a reconciler",
    (ctx: DurableContext, n: string) => ctx.durableExecute(tenant, [n], { reconciler: () => -1 }),
  ],
  ["a lazy fn", (ctx: DurableContext, n: string) => ctx.durableExecuteAsync(tenant, [n])],
  [
    "a fn that is tried again",
    (ctx: DurableContext, n: string) => {
      let tries = 0;
      const call = async (): Promise<number | undefined> => {
        tries += 1;
        if (tries === 1) throw new Error("once more");
        return slowly();
      };
      return ctx.durableExecute({ id: n, call, retry: { attempts: 2, backoff: { initialMs: 1 } } });
    },
  ],
] as const)(
  "the AsyncLocalStorage that %s sees is its own action's, whichever runs are under way beside",
  async (_, call) => {
    const implementation = action.implement((ctx, own) =>
      tenants.run(own, async () => [
        await call(ctx, "a"),
        await call(ctx, "b"),
        await call(ctx, "c"),
      ]),
    );
    const runner = new LocalRunner({ actions: [implementation] });

    const seen = await Promise.all([1, 2, 3, 4].map((own) => runner.run(action, own)));

    expect(seen).toEqual([1, 2, 3, 4].map((own) => [own, own, own]));
  },
);
