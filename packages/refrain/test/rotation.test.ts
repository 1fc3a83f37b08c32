import { eventually, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { aclArgs, urlOf } from "./support/acl.ts";
import { Harness, WARN } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<string, string>({ name: "echo" });
const actions = [action.implement((_ctx, text) => text)];

test("F28 a changed password leaves what is connected alone, is announced after a loss, and costs no run", async () => {
  await using server = await startRedis({ args: aclArgs("worker") });
  const admin = new Redis(server.url);
  admin.on("error", () => {});
  const connection = urlOf("worker", server.port);
  const worker = await harness.worker({ actions, connection });
  const client = harness.client({ connection });
  const late = harness.client({ connection: server.url });
  await (await client.enqueue(action, "first")).result({ timeoutMs: 20_000 });

  await admin.acl("SETUSER", "worker", "resetpass", ">another");
  const before = await client.enqueue(action, "before");
  expect(await before.result({ timeoutMs: 20_000 })).toBe("before");

  await admin.client("KILL", "USER", "worker");
  const run = await late.enqueue(action, "meanwhile");
  const refusals = () =>
    worker.logs.filter(({ level, err }) => level >= WARN && /WRONGPASS/.test(JSON.stringify(err)));
  await eventually(() => expect(refusals()).not.toEqual([]), { timeoutMs: 20_000 });
  expect(await run.status()).toBe("QUEUED");
  expect(JSON.stringify(worker.logs)).not.toContain("secret");

  await admin.acl("SETUSER", "worker", ">secret");
  expect(await run.result({ timeoutMs: 30_000 })).toBe("meanwhile");
  admin.disconnect();
  await worker.close();
}, 60_000);
