import {
  createClient,
  createWorker,
  currentCall,
  defineAction,
  durable,
  notStarted,
  OutcomeUnknownError,
} from "refrain";

// A payment gateway that books what it is sent, and whose reply is lost on the way back.
const bookings: { id: string; orderId: string; cents: number; key: string }[] = [];
const gateway = {
  async charge(orderId: string, cents: number, key: string): Promise<{ id: string }> {
    bookings.push({ id: `pay-${bookings.length + 1}`, orderId, cents, key });
    console.log(`gateway: booked ${cents} cents for ${orderId}`);
    throw new Error("socket hang up");
  },
  async findCharge(orderId: string): Promise<{ id: string } | undefined> {
    const found = bookings.find((booking) => booking.orderId === orderId);
    console.log(`gateway: ${orderId} was ${found === undefined ? "not charged" : "charged"}`);
    return found;
  },
};

// Every call to the outside has an id that stays the same: its outcome is recorded under it.
const charge = durable("payments.charge", async (orderId: string, cents: number) => {
  const { idempotencyKey } = currentCall();
  try {
    return await gateway.charge(orderId, cents, idempotencyKey);
  } catch (cause) {
    throw new OutcomeUnknownError({ retryAfterMs: 100, cause }); // Booked or not? Say that nobody knows.
  }
});

const printLabel = durable("labels.print", async (orderId: string) => {
  console.log(`printer: a label for ${orderId}`);
  return `L-${orderId}`;
});

// What those who enqueue and those who work have in common.
interface Order {
  id: string;
  cents: number;
}
const placeOrder = defineAction<Order, { paymentId: string; label: string }>({
  name: "place-order",
});

const connection = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
const worker = createWorker({
  connection,
  actions: [
    placeOrder.implement(
      async (ctx, order) => {
        const payment = await ctx.durableExecute(charge, [order.id, order.cents], {
          // Asked when nobody knows what became of the call: here, and after a crash.
          reconciler: async () => (await gateway.findCharge(order.id)) ?? notStarted(),
        });
        const label = await ctx.durableExecute(printLabel, [order.id]);
        return { paymentId: payment.id, label };
      },
      { onDivergence: "guard" },
    ),
  ],
});

const client = createClient({ connection });
const order = { id: "order-1", cents: 4200 };
const run = await client.enqueue(placeOrder, order, { runId: order.id });
console.log(await run.result({ timeoutMs: 30_000 }));
await client.close();
await worker.close();

// Output:
// gateway: booked 4200 cents for order-1
// gateway: order-1 was charged
// printer: a label for order-1
// { paymentId: 'pay-1', label: 'L-order-1' }
