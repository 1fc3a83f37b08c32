import { eventually, FaultProxy } from "@refrain/testkit";
import { currentCall, defineAction, durable, notStarted } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<null, string>({ name: "work" });

/** An action of some calls, and what they did outside. */
function counted(calls: number) {
  const effects: string[] = [];
  const step = durable("step", async (n: number) => {
    const { idempotencyKey } = currentCall();
    await new Promise((resolve) => setTimeout(resolve, 20));
    effects.push(idempotencyKey);
    return n;
  });
  const implementation = action.implement(async (ctx) => {
    for (let n = 0; n < calls; n++) {
      await ctx.durableExecute(step, [n], { reconciler: () => n });
    }
    return `attempt ${ctx.attempt}`;
  });
  return { effects, implementation };
}

test("F14 a lost reply to BullMQ's finish is healed by the redelivery, which runs nothing", async () => {
  const proxy = await FaultProxy.start({ port: harness.server.port });
  harness.defer(() => proxy.close());
  const { effects, implementation } = counted(2);
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    connection: harness.url(proxy.port),
    actions: [implementation],
  });
  const client = harness.client();

  proxy.cutBefore('{"run":"SUCCEEDED"}');
  const run = await client.enqueue(action, null, { runId: "r-1" });

  expect(await run.result()).toBe("attempt 1");
  const queue = harness.queue();
  await eventually(
    async () => expect(await (await queue.getJob("run-r-1"))?.getState()).toBe("completed"),
    { timeoutMs: 20_000 },
  );
  expect(proxy.cuts).toBe(1);
  expect(effects).toHaveLength(2);
  expect(worker.events.filter((event) => event.type === "attempt-started")).toHaveLength(1);
}, 40_000);

test.each([
  ["obliterates the queue", (): Promise<unknown> => harness.queue().obliterate({ force: true })],
  [
    "deletes the job",
    (): Promise<unknown> => harness.redis().del(`${harness.prefix()}:default:run-r-1`),
  ],
])("a run in hand ends in its record, also when somebody %s meanwhile", async (_, interfere) => {
  const { opened, open } = gate();
  const call = durable("call", () => opened.then(() => "done"));
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement((ctx) => ctx.durableExecute(call, [], { reconciler: () => notStarted() })),
    ],
  });
  const run = await harness.client().enqueue(action, null, { runId: "r-1" });
  await worker.event("attempt-started");
  await eventually(async () => expect((await run.state()).callResults).toHaveLength(1));

  await interfere();
  open();

  expect(await run.result({ timeoutMs: 10_000 })).toBe("done");
});
