import { currentCall, defineAction, durable, type Implementation, notStarted } from "refrain";

/** What a release of the action calls, one after the other: function and argument. Payments have a reconciler. */
type Calls = readonly (readonly [functionId: string, arg: number])[];

const released: Calls = [
  ["reserve", 1],
  ["pay", 2],
  ["ship", 3],
  ["pay.tip", 4],
];

/** What the next release makes of it, and the first slot that shows it. */
export const changes = {
  "a call is inserted": { slot: 1, calls: inserted(1, ["check", 9]) },
  "a call is removed": { slot: 1, calls: released.filter(([id]) => id !== "pay") },
  "two calls are reordered": { slot: 0, calls: swapped(0, 1) },
  "arguments change": { slot: 1, calls: replaced(1, ["pay", 22]) },
  "a function is renamed": { slot: 0, calls: replaced(0, ["hold", 1]) },
} as const satisfies Readonly<Record<string, { slot: number; calls: Calls }>>;

export type Change = keyof typeof changes;
export const policies = ["clear", "guard", "fail"] as const;
export type Policy = (typeof policies)[number];

/** One run: what changes under it, and the call at which the first release is killed. */
export interface Order {
  readonly change: Change;
  readonly killedIn: "ship" | "pay.tip";
}

export interface ReleaseHooks {
  /** Which of the two releases this is. */
  readonly isFirst: boolean;
  readonly began: (functionId: string, runId: string) => void;
}

export function orderOf(policy: Policy) {
  return defineAction<Order, string>({ name: `order-${policy}` });
}

/** An action of the orders' queue, as one of the two releases has it. */
export function implementOrder(policy: Policy, hooks: ReleaseHooks): Implementation {
  const functions = new Map<string, ReturnType<typeof functionOf>>();
  for (const id of ["reserve", "pay", "ship", "pay.tip", "check", "hold"]) {
    functions.set(id, functionOf(id, hooks));
  }
  return orderOf(policy).implement(
    async (ctx, order) => {
      const calls: Calls = hooks.isFirst ? released : changes[order.change].calls;
      for (const [id, arg] of calls) {
        const fn = functions.get(id);
        if (fn === undefined) throw new Error(`no function ${id}`);
        const options = id.startsWith("pay") ? { reconciler: () => notStarted() } : {};
        await ctx.durableExecute(fn, [arg, order.killedIn], options);
      }
      return calls.map(([id]) => id).join(" ");
    },
    { onDivergence: policy },
  );
}

/** The first release never ends the call at which it is killed. */
function functionOf(id: string, { isFirst, began }: ReleaseHooks) {
  return durable(id, async (_arg: number, killedIn: string) => {
    began(id, currentCall().runId);
    if (isFirst && id === killedIn) await new Promise(() => {});
  });
}

function inserted(at: number, call: Calls[number]): Calls {
  return [...released.slice(0, at), call, ...released.slice(at)];
}

function replaced(at: number, call: Calls[number]): Calls {
  return released.map((old, index) => (index === at ? call : old));
}

function swapped(a: number, b: number): Calls {
  return released.map((old, index) => released[index === a ? b : index === b ? a : index] ?? old);
}
