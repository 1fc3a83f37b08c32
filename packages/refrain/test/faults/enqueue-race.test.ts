import { FaultProxy } from "@refrain/testkit";
import { type Client, defineAction, type RunHandle } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness } from "../support/harness.ts";

const harness = new Harness();
const action = defineAction<number, number>({ name: "echo" });
const ENQUEUES = 100;
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = await FaultProxy.start({ port: harness.server.port });
});
afterAll(() => proxy.close());

interface Told {
  readonly created: RunHandle<number>[];
  readonly existing: RunHandle<number>[];
  readonly refused: { readonly code?: string }[];
}

/** All at once and over several connections, with the inputs that `inputOf` gives them. */
async function enqueueAll(
  clients: readonly Client[],
  inputOf: (n: number) => number,
): Promise<Told> {
  const enqueued = Array.from({ length: ENQUEUES }, (_, n) => {
    const client = clients[n % clients.length];
    if (client === undefined) throw new Error("no client");
    return client.enqueue(action, inputOf(n), { runId: "order-1" });
  });
  const settled = await Promise.allSettled(enqueued);
  const handles = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  return {
    created: handles.filter(({ created }) => created),
    existing: handles.filter(({ created }) => !created),
    refused: refused as { readonly code?: string }[],
  };
}

function fiveClients(): Client[] {
  return Array.from({ length: 5 }, () => harness.client({ connection: proxy.url }));
}

async function deliveries(): Promise<number> {
  const worker = await harness.worker({ actions: [action.implement((_, input) => input)] });
  await worker.event("settled");
  return worker.events.filter(({ type }) => type === "attempt-started").length;
}

test("F15 a hundred enqueues of one id at once are one run, and one of them created it", async () => {
  const told = await enqueueAll(fiveClients(), () => 7);

  expect([told.created.length, told.existing.length, told.refused.length]).toEqual([1, 99, 0]);
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(1);
  expect(await deliveries()).toBe(1);
  expect(await told.existing[0]?.result()).toBe(7);
});

test("F15 the first of a hundred inputs for one id wins, and the others are told so", async () => {
  const told = await enqueueAll(fiveClients(), (n) => n);

  const [winner] = told.created;
  expect([told.created.length, told.existing.length, told.refused.length]).toEqual([1, 0, 99]);
  expect(new Set(told.refused.map(({ code }) => code))).toEqual(new Set(["RUN_CONFLICT"]));
  expect(await deliveries()).toBe(1);
  expect(await winner?.result()).toBe(await winner?.result());
});

// What travels together is cut together: the run's record and its job.
test.each([
  ["before they arrive", "cutBefore", "order-1"],
  ["after they arrived", "cutAfter", "order-1"],
] as const)(
  "F15 an enqueue whose record and job are cut %s is one run, created",
  async (_, how, match) => {
    const [client] = fiveClients();
    await client?.enqueue(action, 1, { runId: "warm-up" });
    const before = proxy.cuts;

    proxy[how](match);
    const run = await client?.enqueue(action, 7, { runId: "order-1" });
    const again = await client?.enqueue(action, 7, { runId: "order-1" });

    expect([run?.created, again?.created, proxy.cuts - before]).toEqual([true, false, 1]);
    expect(await harness.queue().getJobCountByTypes("wait")).toBe(2);
    await harness.worker({ actions: [action.implement((__, input) => input)] });
    expect(await run?.result()).toBe(7);
  },
);

test("F15 an enqueue that arrives late, after its run is done, starts nothing", async () => {
  const [client] = fiveClients();
  const direct = harness.client();
  await client?.enqueue(action, 1, { runId: "warm-up" });

  proxy.cutLate("order-1");
  const run = await client?.enqueue(action, 7, { runId: "order-1" });
  const worker = await harness.worker({ actions: [action.implement((__, input) => input)] });
  await run?.result();
  await proxy.arrive();
  await direct.enqueue(action, 2, { runId: "last" }).then((last) => last.result());

  const attempts = worker.events.filter(
    ({ type, runId }) => type === "attempt-started" && runId === "order-1",
  );
  expect([run?.created, attempts.length, proxy.late]).toEqual([true, 1, 1]);
});
