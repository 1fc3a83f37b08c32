import type * as Refrain from "refrain";
import { type Action, type Client, defineAction } from "refrain";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Harness } from "./support/harness.ts";
import { PaymentServer } from "./support/payment-server.ts";

// The programs of the API's draft, run as they are: their connections are empty strings and their `http` is a global.

const given = vi.hoisted(() => ({ url: "", closing: [] as (() => Promise<void>)[] }));

vi.mock("refrain", async (importOriginal) => {
  const refrain = await importOriginal<typeof Refrain>();
  const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
    given.closing.push(() => opened.close());
    return opened;
  };
  return {
    ...refrain,
    createClient: (options: Parameters<typeof refrain.createClient>[0]) =>
      keep(refrain.createClient({ ...options, connection: given.url })),
    // One worker for each of the tenants, too.
    createWorker: (options: Parameters<typeof refrain.createWorker>[0]) => {
      const workers = ["refrain", "a", "b"].map((namespace) =>
        keep(refrain.createWorker({ ...options, namespace, connection: given.url })),
      );
      return workers[0];
    },
  };
});

interface Programs {
  readonly placeOrder: Action<
    { id: string; cents: number; email: string; sku: string },
    { paymentId: string; label: string }
  >;
  readonly importAll: (rows: { n: number; at: string }[]) => Promise<number>;
}

const harness = new Harness();
let payments: PaymentServer;
let programs: Programs;

beforeAll(async () => {
  given.url = harness.url();
  payments = await PaymentServer.start();
  vi.stubGlobal("http", payments.client);
  const module = "./api/programs.ts";
  // Resolves when the tenants' orders are through.
  programs = (await import(module)) as Programs;
});

afterAll(async () => {
  await Promise.all(given.closing.map((close) => close()));
  await payments.close();
});

function client(): Client {
  return harness.client({ namespace: "refrain" });
}

test("the tenants' orders were charged", () => {
  expect(payments.charges.get("1")?.keys).toHaveLength(2);
});

test("an order whose charge timed out is found by its reconciler, and charged once", async () => {
  const order = { id: "flaky-1", cents: 5, email: "", sku: "s" };

  const run = await client().enqueue(programs.placeOrder, order, { runId: order.id });

  expect(await run.result({ timeoutMs: 20_000 })).toEqual({
    paymentId: "c-flaky-1",
    label: "Lc-flaky-1",
  });
  expect(payments.charges.get("flaky-1")?.keys).toHaveLength(1);
});

test("a declined card comes back as the class that the action names", async () => {
  const order = { id: "2", cents: 5000, email: "", sku: "s" };

  const run = await client().enqueue(programs.placeOrder, order);

  const declined: unknown = await run.result().catch((error: unknown) => error);
  if (!(declined instanceof Error)) throw new Error("an error was expected");
  expect(declined.constructor.name).toBe("CardDeclined");
  expect(Reflect.get(declined, "reason")).toBe("no funds");
});

test("a webhook is delivered", async () => {
  const webhook = defineAction<{ url: string; body: unknown }, number>({ name: "webhook" });

  const run = await client().enqueue(webhook, { url: `${payments.url}/hook`, body: {} });

  expect(await run.result()).toBe(200);
  expect(payments.webhooks).toHaveLength(1);
});

test("rows are imported, each once", async () => {
  const rows = [1, 2, 3].map((n) => ({ n, at: "2026-01-01" }));

  expect(await programs.importAll(rows)).toBe(3);
  expect(await programs.importAll(rows)).toBe(0);
});

test("reports and images are made", async () => {
  const report = defineAction<{ day: string }, { url: string }>({ name: "report" });
  const images = defineAction<{ key: string }, string[]>({ name: "images", queue: "cpu" });

  const made = await client().enqueueMany([
    { action: report, input: { day: "monday" } },
    { action: images, input: { key: "cat" } },
  ]);

  expect(await Promise.all(made.map((run) => run.result()))).toEqual([
    { url: "monday" },
    ["cat@100", "cat@200", "cat@400"],
  ]);
});
