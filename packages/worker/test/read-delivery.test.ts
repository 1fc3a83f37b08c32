import { expect, test } from "vitest";
import { readDelivery } from "../src/read-delivery.ts";

const job = {
  id: "run-r-1",
  name: "place-order",
  data: { runId: "r-1", action: "place-order", version: "", incarnation: 2, preview: "" },
  timestamp: 1_700_000_000_000,
  attemptsStarted: 3,
};

test("a delivery is what the job says of itself, and a nonce that never comes twice", () => {
  const first = readDelivery(job, "default");
  const second = readDelivery(job, "default");

  expect(first).toEqual({
    runId: "r-1",
    action: "place-order",
    queue: "default",
    nonce: expect.stringMatching(/^[\w-]{16,32}$/),
    jobTimestamp: 1_700_000_000_000,
    attemptsStarted: 3,
    incarnation: 2,
  });
  expect(second?.nonce).not.toBe(first?.nonce);
});

test.each([
  { ...job, name: undefined, data: {} },
  { ...job, name: undefined },
  { ...job, name: "" },
  { ...job, data: {} },
  { ...job, data: null },
  { ...job, id: undefined },
  { ...job, timestamp: Number.NaN },
  { ...job, data: { ...job.data, runId: "r-2" } },
  { ...job, data: { ...job.data, action: "refund" } },
])("a husk is no delivery: %j", (husk) => {
  expect(readDelivery(husk, "default")).toBeUndefined();
});
