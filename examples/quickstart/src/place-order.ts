// What the client and the workers share: the name of the action, what goes in, what comes out, how it can fail.
import { defineAction } from "refrain";
import { z } from "zod";
import { orderSchema } from "./order.ts";

const receiptSchema = z.object({ paymentId: z.string(), label: z.string(), bin: z.int() });

export type Receipt = z.infer<typeof receiptSchema>;

/** The customer's bank said no. Registered below, so that it is this class again wherever a run's result is read. */
export class CardDeclined extends Error {
  override readonly name = "CardDeclined";
}

export const placeOrder = defineAction({
  name: "place-order",
  input: orderSchema,
  output: receiptSchema,
  errors: { CardDeclined },
});
