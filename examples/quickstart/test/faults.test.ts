import { describe, expect, it } from "vitest";
import { isDeclined, planCharge, planLookup } from "../src/gateway/faults.ts";

const orders = Array.from({ length: 2000 }, (_, index) => `order-${index}`);

describe("planCharge", () => {
  it("depends on the seed, the order and the number of the request, and on nothing else", () => {
    const once = orders.map((id) => planCharge(3, id, 1));
    const again = orders.toReversed().map((id) => planCharge(3, id, 1));

    expect(again.toReversed()).toEqual(once);
    expect(orders.map((id) => planCharge(4, id, 1))).not.toEqual(once);
    expect(orders.map((id) => planCharge(3, id, 2))).not.toEqual(once);
  });

  it("plans every fault, and mostly none", () => {
    const plans = orders.map((id) => planCharge(3, id, 1));
    const names = plans.map((plan) => (plan.kind === "book" ? plan.reply : plan.kind));

    expect(new Set(names)).toEqual(
      new Set(["answer", "error", "cut", "hang", "decline", "refuse"]),
    );
    expect(names.filter((name) => name === "answer").length).toBeGreaterThan(1200);
  });

  it("declines an order each time or never", () => {
    const declined = orders.filter((id) => isDeclined(3, id));

    expect(declined.length).toBeGreaterThan(0);
    for (const id of declined) {
      for (const nth of [1, 2, 3]) expect(planCharge(3, id, nth).kind).toBe("decline");
    }
  });

  it("has no faults without a seed", () => {
    expect(planCharge(undefined, "A-1", 1)).toMatchObject({ kind: "book", reply: "answer" });
    expect(isDeclined(undefined, "A-1")).toBe(false);
  });
});

describe("planLookup", () => {
  it("is down now and then, but for no order for ever", () => {
    for (const id of orders) {
      const answers = Array.from({ length: 20 }, (_, nth) => planLookup(3, id, nth).isDown);

      expect(answers).toContain(false);
    }
    expect(orders.some((id) => planLookup(3, id, 1).isDown)).toBe(true);
  });

  it("never answers at once, with or without a seed", () => {
    expect(planLookup(3, "A-1", 1).delayMs).toBeGreaterThan(0);
    expect(planLookup(undefined, "A-1", 1).delayMs).toBeGreaterThan(0);
  });
});
