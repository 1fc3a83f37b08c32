// What the code blocks of these documents take as given; the tests compile them with it.
import type { DurableContext } from "refrain";

declare global {
  interface Order {
    readonly id: string;
    readonly cents: number;
    readonly sku: string;
    readonly email: string;
    readonly url: string;
  }

  interface Receipt {
    readonly paymentId: string;
  }

  interface Payment {
    readonly id: string;
  }

  interface Reply {
    readonly status: number;
    readonly body: Payment | null;
  }

  const connection: string;
  const ctx: DurableContext;
  const order: Order;

  const warehouse: {
    reserve(sku: string): Promise<number>;
    print(orderId: string): Promise<string>;
    ship(orderId: string): Promise<void>;
  };

  const mailer: { send(to: string, text: string): Promise<void> };
  const rates: { of(day: string): Promise<ReadonlyMap<string, number>> };
  const images: { resize(key: string, width: number): Promise<string> };

  const gateway: {
    charge(request: {
      readonly orderId: string;
      readonly cents: number;
      readonly idempotencyKey: string;
      readonly signal: AbortSignal;
    }): Promise<Payment>;
    chargeOrder(orderId: string): Promise<Payment>;
    refund(paymentId: string): Promise<void>;
  };

  const http: {
    post(
      path: string,
      body: unknown,
      options: { readonly signal: AbortSignal },
    ): Promise<Reply & { readonly body: Payment }>;
    get(path: string): Promise<Reply>;
  };

  const auth: { readonly username: string; readonly password: string };
  const server: { route(path: string, app: object): unknown };
}
