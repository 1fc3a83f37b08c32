// A payment gateway of the unpleasant kind. It books EVERY request that it takes: an idempotency key impresses it as
// little as an order that it has charged before. And it fails, before booking and after, as faults.ts plans it.
//
// Requests are booked in the order of their arrival, in the very turn of the event loop in which the last byte of one
// is read; what is slow or random comes after. A question about an order is answered only later than it came, see
// `lookUp`. So a request that left a worker before that worker was killed is booked before anyone can be told "there
// is no charge", and a reconciler may rely on it.
import http from "node:http";
import { setTimeout as elapse } from "node:timers/promises";
import { type ChargePlan, planCharge, planLookup } from "./faults.ts";
import type { Ledger } from "./ledger.ts";

/** `seed`: which faults happen. None without it. */
export interface GatewayOptions {
  readonly ledger: Ledger;
  readonly seed?: number | undefined;
}

/** The gateway as a server that is not listening yet: POST /charges, GET /charges?order=…, GET /health. */
export function createGateway({ ledger, seed }: GatewayOptions): http.Server {
  const charges = new Tally();
  const lookups = new Tally();

  async function charge(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const { orderId, cents } = JSON.parse(await bodyOf(request)) as {
      orderId: string;
      cents: number;
    };
    const idempotencyKey = String(request.headers["idempotency-key"] ?? "");
    const plan = planCharge(seed, orderId, charges.next(orderId));
    const booking =
      plan.kind === "book" ? ledger.book({ orderId, cents, idempotencyKey }) : undefined;
    await elapse(plan.delayMs);
    answer(reply, plan, { charge: booking });
  }

  async function lookUp(orderId: string, reply: http.ServerResponse): Promise<void> {
    const { isDown, delayMs } = planLookup(seed, orderId, lookups.next(orderId));
    // The ledger is read after the delay: what reached this machine before the question is booked by then.
    await elapse(delayMs);
    if (isDown) send(reply, 503, { error: "try again later" });
    else send(reply, 200, { charge: ledger.find(orderId) ?? null });
  }

  async function route(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://gateway");
    const orderId = searchParams.get("order");
    if (pathname === "/health") send(reply, 200, { status: "ok" });
    else if (pathname !== "/charges") send(reply, 404, { error: "no such page" });
    else if (request.method === "POST") await charge(request, reply);
    else if (orderId !== null) await lookUp(orderId, reply);
    else send(reply, 400, { error: "which order?" });
  }

  return http.createServer((request, reply) => {
    // A caller that is killed takes its connection along; there is nobody left to tell.
    route(request, reply).catch(() => reply.destroy());
  });
}

/** How often something was asked about each order. */
class Tally {
  readonly #counts = new Map<string, number>();

  next(orderId: string): number {
    const count = (this.#counts.get(orderId) ?? 0) + 1;
    this.#counts.set(orderId, count);
    return count;
  }
}

function bodyOf(request: http.IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => resolve(body));
    request.on("error", reject);
  });
}

function answer(reply: http.ServerResponse, plan: ChargePlan, body: object): void {
  if (plan.kind === "decline") return send(reply, 402, { reason: "insufficient funds" });
  if (plan.kind === "refuse") return send(reply, 503, { error: "try again later" });
  switch (plan.reply) {
    case "answer":
      return send(reply, 200, body);
    case "error":
      return send(reply, 500, { error: "something broke" });
    case "cut":
      reply.destroy();
      return;
    case "hang":
      return;
  }
}

function send(reply: http.ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
