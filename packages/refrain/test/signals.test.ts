import { eventually } from "@refrain/testkit";
import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { Child } from "./support/child.ts";
import { Harness } from "./support/harness.ts";

const harness = new Harness();
const ticking = defineAction<null, void>({ name: "ticking" });

async function tickingChild(drainMs: number): Promise<Child> {
  const env = {
    REDIS: harness.url(),
    NAMESPACE: harness.namespace,
    DRAIN_MS: String(drainMs),
  };
  const child = new Child(new URL("./support/signalled-worker.ts", import.meta.url), env);
  harness.defer(async () => child.kill("SIGKILL"));
  await eventually(() => expect(child.output).toContain("tick 3"), { timeoutMs: 20_000 });
  return child;
}

test("F23 SIGTERM has the worker hand back what it has and exit with 0", async () => {
  const run = await harness.client().enqueue(ticking, null);
  const child = await tickingChild(400);

  child.kill("SIGTERM");
  const { code, signal, output } = await child.exited;

  expect([code, signal]).toEqual([0, null]);
  expect(output).toContain("worker closed");
  expect(await run.status()).toBe("QUEUED");
});

test("a second signal ends the process at once", async () => {
  await harness.client().enqueue(ticking, null);
  const child = await tickingChild(60_000);

  child.kill("SIGTERM");
  await eventually(() => expect(child.output).toContain("closing"));
  child.kill("SIGINT");

  expect((await child.exited).code).toBe(130);
});

test.each(["runs", "does not answer", "is gone"])(
  "a process whose client and worker are closed while Redis %s ends by itself",
  async (redis) => {
    const env = { REDIS: harness.url(), NAMESPACE: harness.namespace };
    const child = new Child(new URL("./support/closing-process.ts", import.meta.url), env);
    harness.defer(async () => child.kill("SIGKILL"));
    await eventually(() => expect(child.output).toContain("started"), { timeoutMs: 20_000 });
    if (redis === "does not answer") harness.server.pause();
    if (redis === "is gone") await harness.server.kill();

    child.kill("SIGTERM");
    const { code, output } = await child.exited;

    if (redis === "does not answer") harness.server.resume();
    if (redis === "is gone") await harness.server.restart();
    expect(output).toContain("closed");
    expect(code).toBe(0);
  },
);
