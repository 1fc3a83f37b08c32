import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { Harness } from "../support/harness.ts";

const CALLS = 10_000;
const MIB = 1024 * 1024;
const harness = new Harness();

function worker(dies: "yes" | "no"): Child {
  const child = new Child(new URL("./long-worker.ts", import.meta.url), {
    REDIS: harness.url(),
    NAMESPACE: harness.namespace,
    CALLS: String(CALLS),
    DIES: dies,
  });
  harness.defer(async () => child.kill("SIGKILL"));
  return child;
}

test("F32 a run of 10,000 calls is replayed page by page, within 128 MiB more than an idle worker takes", async () => {
  const action = defineAction<null, number>({ name: "long" });
  const run = await harness.client().enqueue(action, null);
  const { signal } = await worker("yes").exited;

  const second = worker("no");
  await run.result({ timeoutMs: 120_000 });

  second.kill("SIGTERM");
  const { output } = await second.exited;
  const idle = Number(/^idle (\d+)$/m.exec(output)?.[1]);
  const replay = JSON.parse(/^\{.*\}$/m.exec(output)?.[0] ?? "{}") as Record<string, number>;
  const { ms, cpuMs, replayed, peakRss = Number.NaN } = replay;
  const grownMiB = Math.round((peakRss - idle) / MIB);
  process.stdout.write(
    `${CALLS} calls replayed in ${ms} ms (CPU ${cpuMs}), ${grownMiB} MiB more\n`,
  );
  expect(signal).toBe("SIGKILL");
  expect(replayed).toBeGreaterThanOrEqual(CALLS - 100);
  expect(grownMiB).toBeLessThan(128);
  expect(await harness.redis().info("commandstats")).toMatch(/cmdstat_hmget:calls=\d\d/);
}, 240_000);
