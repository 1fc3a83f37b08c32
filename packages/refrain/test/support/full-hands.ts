// Actions of workers that are closed with their hands full, in this process or in one of their own.
import type { EffectLedger } from "@refrain/testkit";
import {
  currentCall,
  defineAction,
  durable,
  type Implementation,
  notStarted,
  OutcomeUnknownError,
} from "refrain";
import { z } from "zod";

/** Where a run can hang for ever. */
export const HANGS = ["fn", "reconcilable fn", "reconciler", "output schema"] as const;
export type Hang = (typeof HANGS)[number];

/** Takes how many steps to make. */
export const stepping = defineAction<number, string>({ name: "stepping" });
export const hanging = defineAction({
  name: "hanging",
  input: z.enum(HANGS),
  output: z.string().refine((text) => (text === "output schema" ? forEver() : true)),
});

/** Ways in which a run can take its process down. */
export const DEATHS = ["SIGKILL", "SIGABRT", "uncaught exception"] as const;
export type Death = (typeof DEATHS)[number];

export const killing = defineAction<Death, null>({ name: "killing" });

function forEver(): Promise<never> {
  return new Promise(() => {});
}

function unknown(): never {
  throw new OutcomeUnknownError({ retryAfterMs: 1 });
}

/** Many short calls of both kinds; the ledger has what they did. */
export function stepsInto(ledger: EffectLedger): Implementation {
  const step = durable("step", async (n: number) => {
    const { idempotencyKey: key, runId } = currentCall();
    ledger.write({ kind: "begin", key, runId, n });
    await new Promise((resolve) => setTimeout(resolve, 10 + (n % 4) * 10));
    ledger.write({ kind: "effect", key, runId, n });
    return n;
  });
  const reconciler = () => {
    const { idempotencyKey: key } = currentCall();
    ledger.write({ kind: "asked", key });
    return ledger.count("effect", key) > 0 ? -1 : notStarted();
  };
  return stepping.implement(async (ctx, steps) => {
    for (let n = 0; n < steps; n++) {
      const options = n % 2 === 0 ? {} : { reconciler };
      await ctx.durableExecute(step, [n], options);
    }
    return `attempt ${ctx.attempt}`;
  });
}

export function hang(onHanging: (where: Hang) => void): Implementation {
  return hanging.implement(async (ctx, where) => {
    const stuck = (): Promise<never> => {
      onHanging(where);
      return forEver();
    };
    if (where === "fn") await ctx.durableExecute(durable("hang", stuck));
    if (where === "reconcilable fn") {
      await ctx.durableExecute(durable("hang", stuck), [], { reconciler: () => notStarted() });
    }
    if (where === "reconciler") {
      await ctx.durableExecute(durable("unknown", unknown), [], { reconciler: stuck });
    }
    if (where === "output schema") onHanging(where);
    return where;
  });
}

/** Makes one call, and in the next one ends its process, after its neighbours had time to get on. */
export function kill(): Implementation {
  const prepare = durable("prepare", () => "prepared");
  const strike = durable("strike", async (death: Death) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (death === "SIGKILL") process.kill(process.pid, "SIGKILL");
    if (death === "SIGABRT") process.abort();
    setImmediate(() => {
      throw new Error("nobody catches this");
    });
    return forEver();
  });
  return killing.implement(async (ctx, death) => {
    await ctx.durableExecute(prepare);
    return ctx.durableExecute(strike, [death]);
  });
}
