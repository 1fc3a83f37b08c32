import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { defineAction, durable, type Implementation } from "refrain";

class CardDeclined extends Error {
  override readonly name = "CardDeclined";
  readonly code = "DECLINED";
}

/** `gate`: a file; whoever waits for it goes on when it exists, and cards are declined until then. */
export interface Order {
  readonly id: string;
  readonly gate: string;
  readonly password: string;
}

const errors = { CardDeclined };
export const recovering = defineAction<Order, string>({ name: "recovering-order", errors });
export const failing = defineAction<Order, string>({ name: "failing-order", errors });
export const hundred = defineAction<Order, number>({ name: "hundred-calls", errors });

const reserve = durable("stock.reserve", (id: string) => ({ reserved: id }));
const label = durable("shop.label", (id: string, line: number) => `${id}/${line}`);
const neverCharge = durable("payments.charge", async (id: string) => {
  process.stdout.write(`charging ${id}\n`);
  await new Promise(() => {});
  return { paymentId: "" };
});
const decline = durable("payments.charge", (gate: string) => {
  if (existsSync(gate)) return "paid";
  throw new CardDeclined("no funds on this card");
});
const waitFor = durable("shop.wait", async (gate: string) => {
  while (!existsSync(gate)) await pause(20);
});

/** A charge that its first worker never lives to see the end of, then a wait. */
const recover = recovering.implement(async (ctx, order) => {
  await ctx.durableExecute(reserve, [order.id]);
  const payment = await ctx.durableExecute(neverCharge, [order.id], {
    reconciler: async () => ({ paymentId: `found-${order.id}` }),
  });
  await ctx.durableExecute(waitFor, [order.gate], { reconciler: async () => {} });
  return payment.paymentId;
});

const fail = failing.implement(async (ctx, order) => {
  await ctx.durableExecute(reserve, [order.id]);
  return ctx.durableExecute(decline, [order.gate]);
});

const count = hundred.implement(async (ctx, order) => {
  for (let line = 0; line < 99; line++) await ctx.durableExecute(label, [order.id, line]);
  await ctx.durableExecute(waitFor, [order.gate], { reconciler: async () => {} });
  return 100;
});

export const actions: readonly Implementation[] = [recover, fail, count];
