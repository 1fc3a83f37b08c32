import { z } from "zod";

// Half an emoji cannot be written as UTF-8, so no other system could be told about such an order.
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !/\p{Surrogate}/u.test(value), "broken unicode");

/** An order as the shop takes it. Amounts are whole cents, so that no rounding can ever change one. */
export const orderSchema = z.object({
  id: text(128),
  customer: text(200),
  email: z.email(),
  sku: text(64),
  cents: z.int().nonnegative(),
});

export type Order = z.infer<typeof orderSchema>;
