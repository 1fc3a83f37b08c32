// Programs that must compile, and run, against the first release.
import { createClient, createWorker, currentCall, defineAction, durable, notStarted, OutcomeUnknownError, TerminalError, typeOnly, type DurableContext } from "refrain";
import { z } from "zod";

// 1 order saga
class CardDeclined extends Error { readonly reason: string; constructor(reason: string) { super(reason); this.reason = reason; } }
interface Order { id: string; cents: number; email: string; sku: string } interface Receipt { paymentId: string; label: string }
declare const http: { post(path: string, body: unknown, o: { idempotencyKey: string; signal: AbortSignal }): Promise<{ status: number; body: { id: string } }>; get(path: string): Promise<{ status: number; body: { id: string } | null }> };
const charge = durable("payments.charge", async (orderId: string, cents: number) => {
  const { idempotencyKey, signal } = currentCall();
  const r = await http.post("/charges", { orderId, cents }, { idempotencyKey, signal });
  if (r.status === 402) throw new CardDeclined("no funds");
  if (r.status >= 500) throw new OutcomeUnknownError({ retryAfterMs: 1000 });  // fn does not know either
  return r.body;
});
const findCharge = async (orderId: string) => { const r = await http.get(`/charges/${orderId}`); if (r.status >= 500) throw new OutcomeUnknownError({ retryAfterMs: 1000 }); return r.body ?? notStarted(); };
const refund = durable("payments.refund", async (id: string) => { await http.post("/refunds", { id }, currentCall()); });
const reserve = durable("stock.reserve", async (sku: string) => ({ sku, bin: 4 }));
const printLabel = durable("label.print", async (id: string) => `L${id}`);
export const placeOrder = defineAction<Order, Receipt>({ name: "place-order", errors: { CardDeclined } });
async function pay(ctx: DurableContext, o: Order) { return ctx.durableExecute(charge, [o.id, o.cents], { reconciler: () => findCharge(o.id) }); }
const orders = placeOrder.implement(async (ctx, o) => {
  const p = await pay(ctx, o);
  try { const [, label] = await Promise.all([ctx.durableExecute(reserve, [o.sku]), ctx.durableExecute(printLabel, [p.id])]); return { paymentId: p.id, label }; }
  catch (e) { await ctx.durableExecute(refund, [p.id]); throw new TerminalError("out of stock"); }
}, { onDivergence: "fail" });

// 3 webhooks
const deliver = defineAction<{ url: string; body: unknown }, number>({ name: "webhook" });
const deliverImpl = deliver.implement((ctx, h) => ctx.durableExecute({ id: "post", call: async ({ signal, idempotencyKey }) => (await fetch(h.url, { method: "POST", signal, headers: { "idempotency-key": idempotencyKey } })).status, retry: { attempts: 8 } }));

// 4 batch import
const importRow = defineAction({ name: "import-row", input: z.object({ n: z.number(), at: z.coerce.date() }), output: typeOnly<void>() });
const insert = durable("db.insert", async (n: number, at: Date) => {});
const importImpl = importRow.implement(async (ctx, r) => { await ctx.durableExecute(insert, [r.n, r.at]); });
export async function importAll(rows: { n: number; at: string }[]) { const c = createClient({ connection: "" });
  const hs = await c.enqueueMany(importRow, rows.map((input) => ({ input, runId: `row-${input.n}` }))); return hs.filter((h) => h.created).length; }

// 5 nightly
const report = defineAction<{ day: string }, { url: string }>({ name: "report" });
const render = durable("render", async (day: string) => ({ url: day }));
const reportImpl = report.implement(async (ctx, { day }) => ctx.durableExecute(render, [day]));

// 6 image pipeline
const resize = durable("resize", async (key: string, w: number) => `${key}@${w}`);
const images = defineAction<{ key: string }, string[]>({ name: "images", queue: "cpu" });
const imagesImpl = images.implement(async (ctx, { key }) => {
  const out = await ctx.gather([100, 200, 400].map((w) => ctx.durableExecuteAsync(resize, [key, w])), { concurrency: 2 });
  return out.map((o) => { if (o.status === "rejected") throw o.reason; return o.value; });
}, { concurrency: 2 });

// 10 tenants
const w = [createWorker({ connection: "", actions: [orders, deliverImpl, importImpl, reportImpl, imagesImpl] })];
const tenants = ["a", "b"].map((namespace) => createClient({ connection: "", namespace, errors: { CardDeclined } }));
for (const t of tenants) { const r = await t.enqueue(placeOrder, { id: "1", cents: 1, email: "", sku: "" }); if (!r.created) r.runId; try { (await r.result()).label; } catch (e) { if (e instanceof CardDeclined) e.reason; } }

