import { currentCall, durable, type Implementation, notStarted } from "refrain";
import type { PaymentGateway } from "./gateway-client.ts";
import type { Mailer } from "./mailer.ts";
import { CardDeclined, placeOrder } from "./place-order.ts";
import { labelFor, reserveBin } from "./warehouse.ts";

export interface Shop {
  readonly gateway: PaymentGateway;
  readonly mailer: Mailer;
  /** Off only to show what they are for: without them the same faults charge customers twice. */
  readonly reconcilers: boolean;
}

/**
 * Charges the card, then reserves stock and prints the label side by side, then mails the customer.
 *
 * Everything that touches the world is a durable call. What stands between the calls runs again on every attempt and
 * has no effects of its own.
 */
export function implementPlaceOrder({ gateway, mailer, reconcilers }: Shop): Implementation {
  const charge = durable("payments.charge", (orderId: string, cents: number) => {
    const { idempotencyKey, signal } = currentCall();
    return gateway.charge({ orderId, cents, idempotencyKey, signal });
  });

  const sendMail = durable("mail.send", (orderId: string, to: string) => {
    // No one can ask a mailbox what it got, so this call may be sent twice; the key makes two sends one mail.
    const { idempotencyKey } = currentCall();
    return mailer.send({ orderId, to, subject: "Your order is on its way", idempotencyKey });
  });

  // Asked instead of charging again when a charge was begun and its outcome is not known. "No charge" may be said to be
  // "not started" because this gateway books on arrival: what a dead worker or a cut connection sent is booked by now, or
  // never will be. Before you say it of another gateway, find out how late it may still book.
  const whatBecameOf = async (orderId: string) =>
    (await gateway.findCharge(orderId)) ?? notStarted();

  const reserve = durable("stock.reserve", reserveBin);
  const print = durable("label.print", labelFor);

  return placeOrder.implement(
    async (ctx, order) => {
      const payment = await ctx.durableExecute(charge, [order.id, order.cents], {
        timeoutMs: 1500,
        ...(reconcilers ? { reconciler: () => whatBecameOf(order.id) } : { retry: hopeful }),
      });
      const [bin, label] = await Promise.all([
        ctx.durableExecute(reserve, [order.sku]),
        ctx.durableExecute(print, [order.id, order.customer]),
      ]);
      await ctx.durableExecute(sendMail, [order.id, order.email]);
      return { paymentId: payment.id, label, bin };
    },
    // Should a new release ever ask for other calls than the journal holds, then a started charge is not dropped.
    { onDivergence: "guard" },
  );
}

/** What is left without a reconciler: try again and hope that the failed request had not been booked. */
const hopeful = {
  attempts: 5,
  backoff: { initialMs: 100 },
  nonRetryable: (error: unknown) => error instanceof CardDeclined,
};
