import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** The outside world of the programs: charges and refunds, and an ear for webhooks. */
export class PaymentServer {
  readonly url: string;
  /** Charges by order. */
  readonly charges = new Map<string, { readonly id: string; readonly keys: string[] }>();
  readonly webhooks: string[] = [];
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<PaymentServer> {
    const server = http.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new PaymentServer(server);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** What the programs call `http`. */
  readonly client = {
    post: async (
      path: string,
      body: unknown,
      options: { readonly idempotencyKey: string; readonly signal: AbortSignal },
    ) => {
      const headers = { "idempotency-key": options.idempotencyKey };
      const request = { method: "POST", body: JSON.stringify(body), headers };
      return this.#fetch(path, { ...request, signal: options.signal });
    },
    get: (path: string) => this.#fetch(path),
  };

  async #fetch(path: string, init: RequestInit = {}) {
    const response = await fetch(`${this.url}${path}`, init);
    return { status: response.status, body: (await response.json()) as { id: string } };
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const key = String(request.headers["idempotency-key"]);
    const [status, body] = this.#reply(`${request.method} ${request.url}`, text, key);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }

  #reply(what: string, text: string, key: string): [status: number, body: unknown] {
    if (what === "POST /charges") {
      const { orderId, cents } = JSON.parse(text) as { orderId: string; cents: number };
      if (cents > 1000) return [402, null];
      const charge = this.charges.get(orderId) ?? { id: `c-${orderId}`, keys: [] };
      charge.keys.push(key);
      this.charges.set(orderId, charge);
      // Booked, and then the answer is lost: only the reconciler can tell.
      return orderId.startsWith("flaky") ? [503, null] : [200, { id: charge.id }];
    }
    if (what.startsWith("GET /charges/")) {
      const charge = this.charges.get(what.slice("GET /charges/".length));
      return [200, charge === undefined ? null : { id: charge.id }];
    }
    if (what === "POST /hook") this.webhooks.push(text);
    return [200, { id: "ok" }];
  }
}
