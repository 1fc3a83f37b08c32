// Type tests: every line is an assertion; @ts-expect-error lines must be errors.
import { createClient, createWorker, currentCall, defineAction, durable, notStarted, typeOnly, type DurableContext } from "refrain";
import { z } from "zod";
type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
declare function is<A, B>(x: Eq<A, B>): void;
interface Order { id: string; cents: number; email: string } interface Payment { id: string } interface Receipt { payment: Payment }
declare const gateway: { charge(o: string, c: number): Promise<Payment>; find(o: string): Promise<Payment | undefined> };
const charge = durable("charge", async (o: string, c: number) => gateway.charge(o, c));
const listAll = durable("list", async () => [1, 2]);
const opt = durable("opt", async (a: string, b?: number) => `${a}${b}`);
const rest = durable("rest", async (...xs: number[]) => xs.length);
const send = durable("send", async (to: string): Promise<void> => { currentCall().idempotencyKey; });
const placeOrder = defineAction<Order, Receipt>({ name: "p" });
const S = z.object({ id: z.string(), at: z.coerce.date(), n: z.string().transform(Number), lim: z.number().default(5) });
const R = z.object({ ok: z.boolean() });
const schemed = defineAction({ name: "s", input: S, output: R });
const half = defineAction({ name: "h", input: S, output: typeOnly<Receipt>() });
const plainS = z.object({ a: z.number() });
const explicit = defineAction<{ a: number }, Receipt>({ name: "e", input: plainS });
const none = defineAction({ name: "none" });
export const w = createWorker({ connection: "", actions: [none.implement(() => 1), schemed.implement(async (_c, i) => { is<typeof i.at, Date>(true); return { ok: i.n > i.lim }; }), explicit.implement((_c, i) => { is<typeof i, { a: number }>(true); return { payment: { id: "" } }; }), placeOrder.implement(async (ctx, o) => {
  const p = await ctx.durableExecute(charge, [o.id, o.cents]); is<typeof p, Payment>(true);
  // @ts-expect-error not found must be said
  await ctx.durableExecute(charge, [o.id, o.cents], { reconciler: () => gateway.find(o.id) });
  const q2 = await ctx.durableExecute(charge, [o.id, o.cents], { reconciler: async () => (await gateway.find(o.id)) ?? notStarted() }); is<typeof q2, Payment>(true);
  const q3 = await ctx.durableExecute(charge, [o.id, o.cents], { reconciler: notStarted }); is<typeof q3, Payment>(true);
  const z0 = await ctx.durableExecute(listAll); is<typeof z0, number[]>(true); await ctx.durableExecute(listAll, []);
  await ctx.durableExecute(listAll, [], { reconciler: () => [1] });
  await ctx.durableExecute(opt, ["x"]); await ctx.durableExecute(rest, [1, 2]); await ctx.durableExecute(rest);
  await ctx.durableExecute(send, [o.email], { reconciler: async () => { if (o.cents) return notStarted(); return undefined; } });
  await ctx.durableExecute(send, [o.email], { reconciler: async () => { if (o.cents) return notStarted(); } });
  // @ts-expect-error
  await ctx.durableExecute(charge, [o.id]);
  // @ts-expect-error
  await ctx.durableExecute(charge);
  // @ts-expect-error
  await ctx.durableExecute(charge, [o.cents, o.id]);
  // @ts-expect-error
  await ctx.durableExecute({ id: "m", call: async ({ idempotencyKey }) => idempotencyKey.length, reconciler: () => undefined });
  const m2 = await ctx.durableExecute({ id: "m", call: async ({ idempotencyKey }) => idempotencyKey.length, reconciler: () => notStarted() }); is<typeof m2, number>(true);
  // @ts-expect-error a handler may not look like a reconciler with args
  await ctx.durableExecute(charge, [o.id, 1], { reconciler: (x: string) => ({ id: x }) });
  const u = await ctx.durableExecute(durable("u", async (x: boolean) => x ? ({ ok: true as const, v: 1 }) : ({ ok: false as const, e: "x" })), [true]);
  if (u.ok) u.v.toFixed(); else u.e.length;
  const roargs = [o.id, 1] as const; await ctx.durableExecute(charge, roargs);
  const [l, s] = await Promise.all([ctx.durableExecuteAsync(charge, [o.id, 1]), ctx.durableExecuteAsync(opt, ["b"])]); is<typeof l, Payment>(true); is<typeof s, string>(true);
  const g = await ctx.gather([ctx.durableExecuteAsync(charge, [o.id, 1]), ctx.durableExecuteAsync(opt, ["b"])]);
  const g0 = g[0]; if (g0.status === "fulfilled") is<typeof g0.value, Payment>(true);
  const many = await ctx.gather([1, 2].map((n) => ctx.durableExecuteAsync(rest, [n]))); is<typeof many, PromiseSettledResult<number>[]>(true);
  ctx.durableExecuteAsync(charge, [o.id, 1]).catch(() => 0);
  return { payment: p };
})] });
const c = createClient({ connection: "" });
await c.enqueue(schemed, { id: "x", at: "2026-01-01", n: "5" });
// @ts-expect-error
await c.enqueue(placeOrder, { id: "x" });
const hs = await c.enqueueMany(placeOrder, [{ input: { id: "", cents: 1, email: "" }, runId: "x" }]); (await hs[0]!.result()).payment;
(await c.run(placeOrder, "x").result()).payment;
is<Promise<void>, ReturnType<typeof hs[0]["retry"]>>(true); await c.run("x").retry(); await c.run(placeOrder, "x").retry({ force: true });
// @ts-expect-error
await c.run("x").retry({ forced: true });
const r = await c.enqueue(half, { id: "", at: 1, n: "1" }); (await r.result()).payment;
export async function opaque(ctx: DurableContext) {
  // @ts-expect-error calling it without ctx does not compile
  await charge("x", 1);
  await charge.fn("x", 1);
  async function named(a: string) { return a.length; }
  const n = await ctx.durableExecute(named, ["x"]); is<typeof n, number>(true);
  const h = ctx.durableExecuteAsync(listAll); is<Awaited<typeof h>, number[]>(true);
}
