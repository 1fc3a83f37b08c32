import { OutcomeUnknownError } from "refrain";
import { CardDeclined } from "./place-order.ts";

interface Charge {
  readonly id: string;
  readonly orderId: string;
  readonly cents: number;
}

interface ChargeRequest {
  readonly orderId: string;
  readonly cents: number;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export interface PaymentGateway {
  /**
   * @throws CardDeclined when the bank says no: nothing was booked.
   * @throws OutcomeUnknownError when the gateway fails or falls silent: it may have booked.
   */
  charge(request: ChargeRequest): Promise<Charge>;
  /**
   * The charge that was booked for an order, null when there is none.
   *
   * @throws OutcomeUnknownError when the gateway does not say. "It did not answer" is not "there is none".
   */
  findCharge(orderId: string): Promise<Charge | null>;
}

const RETRY_AFTER_MS = 250;
const LOOKUP_TIMEOUT_MS = 1500;

/** Speaks to the payment gateway over HTTP. */
export function gatewayClient(url: string): PaymentGateway {
  return {
    async charge({ orderId, cents, idempotencyKey, signal }) {
      const { status, body } = await ask(`${url}/charges`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
        body: JSON.stringify({ orderId, cents }),
        signal,
      });
      if (status === 402) throw new CardDeclined((body as { reason: string }).reason);
      return (body as { charge: Charge }).charge;
    },

    async findCharge(orderId) {
      // As a query, not as a path: an order whose id is ".." would otherwise ask for another page.
      const query = new URLSearchParams({ order: orderId }).toString();
      const { body } = await ask(`${url}/charges?${query}`, {
        signal: AbortSignal.timeout(LOOKUP_TIMEOUT_MS),
      });
      return (body as { charge: Charge | null }).charge;
    },
  };
}

/** One request. Whatever is not a plain answer of the gateway itself leaves open what happened. */
async function ask(url: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  try {
    const reply = await fetch(url, init);
    if (reply.status !== 200 && reply.status !== 402) {
      throw new Error(`the gateway answered ${reply.status}`);
    }
    // Read inside the try: a reply can be cut in its middle as well.
    return { status: reply.status, body: await reply.json() };
  } catch (cause) {
    throw new OutcomeUnknownError({ retryAfterMs: RETRY_AFTER_MS, cause });
  }
}
