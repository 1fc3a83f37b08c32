import { setImmediate } from "node:timers/promises";
import { defineAction, durable, OutcomeUnknownError } from "refrain";
import { expect, test } from "vitest";
import { Harness } from "./support/harness.ts";

const harness = new Harness();

/** As HTTP clients throw them: with the whole request in it. */
function failedRequest(): Error {
  const config = { headers: { authorization: "Bearer token-of-mine" }, data: "iban-of-mine" };
  return Object.assign(new Error("request failed"), { config, code: "ERR_BAD_RESPONSE" });
}

test("what Refrain logs of errors has their names, messages and codes, and none of their fields", async () => {
  const action = defineAction<string, string>({ name: "act" });
  const charge = durable("charge", async (_iban: string): Promise<string> => {
    throw new OutcomeUnknownError({ retryAfterMs: 1, cause: failedRequest() });
  });
  const implementation = action.implement(async (ctx, iban) => {
    const paid = await ctx.durableExecute(charge, [iban], { reconciler: async () => iban });
    void Promise.reject(failedRequest());
    await setImmediate();
    await ctx.durableExecute(charge, [iban], { reconciler: async () => iban });
    return paid;
  });
  const worker = await harness.worker({ actions: [implementation] });

  const run = await harness.client().enqueue(action, "iban-of-mine");
  await worker.event("settled");
  const logged = JSON.stringify(worker.logs);

  expect(await run.status()).toBe("FAILED");
  expect(worker.logs.filter((line) => line["err"] !== undefined).length).toBeGreaterThan(1);
  expect(logged).toContain("request failed");
  expect(logged).toContain("ERR_BAD_RESPONSE");
  expect(logged).not.toMatch(/token-of-mine|iban-of-mine/);
});

test("what an action logs is its own: its logger is the one that was given", async () => {
  const action = defineAction<null, null>({ name: "act" });
  const implementation = action.implement((ctx) => {
    ctx.log.error({ err: failedRequest() }, "mine");
    return null;
  });
  const worker = await harness.worker({ actions: [implementation] });

  await (await harness.client().enqueue(action, null)).result();

  const line = worker.logs.find(({ msg }) => msg === "mine");
  expect(line).toMatchObject({ err: { config: { data: "iban-of-mine" } } });
});
