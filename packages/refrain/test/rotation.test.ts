import { inspect } from "node:util";
import { eventually, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { aclArgs, aclRules, urlOf } from "./support/acl.ts";
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

  await admin.acl("SETUSER", "worker", ">secret");
  expect(await run.result({ timeoutMs: 30_000 })).toBe("meanwhile");
  admin.disconnect();
  await worker.close();
}, 60_000);

test("F28 a refused password stands in no error that an application gets, and so in none of its logs", async () => {
  await using server = await startRedis({ args: ["--requirepass", "secret"] });
  const connection = `redis://:hunter2@127.0.0.1:${server.port}`;
  const worker = harness.startWorker({ actions, connection });

  const errors = await Promise.all([
    worker.ready().catch((error: unknown) => error),
    harness
      .client({ connection })
      .enqueue(action, "x")
      .catch((error: unknown) => error),
  ]);

  for (const error of errors) {
    expect(inspect(error, { depth: 10 })).toMatch(/WRONGPASS/);
    expect(inspect(error, { depth: 10 })).not.toContain("hunter2");
  }
  expect(JSON.stringify(worker.logs)).not.toContain("hunter2");
  await worker.close();
});

test("F28 a user that was removed is announced after a loss, costs no run, and need only be given back", async () => {
  await using server = await startRedis({ args: aclArgs("worker") });
  const admin = new Redis(server.url);
  const connection = urlOf("worker", server.port);
  const worker = await harness.worker({ actions, connection });
  const late = harness.client({ connection: server.url });

  // Redis ends the connections of a user that is removed.
  await admin.acl("DELUSER", "worker");
  const run = await late.enqueue(action, "meanwhile");
  const said = () => worker.logs.filter(({ level, msg }) => level > WARN && /refuses/.test(msg));
  await eventually(() => expect(said()).not.toEqual([]), { timeoutMs: 20_000 });
  const anew = harness.startWorker({ actions, connection });
  await expect(anew.ready()).rejects.toThrow(
    /refuses the credentials: WRONGPASS.*Correct username/,
  );
  expect(await run.status()).toBe("QUEUED");

  await admin.acl("SETUSER", "worker", ...aclRules("worker"));
  expect(await run.result({ timeoutMs: 30_000 })).toBe("meanwhile");
  expect(JSON.stringify(worker.logs)).not.toContain("secret");
  admin.disconnect();
  await worker.close();
}, 60_000);

test("F28 a user that may do nothing, and one that may not even look at the server, are told so at the start", async () => {
  const rules = ["on", ">secret", "~*", "&*"];
  await using server = await startRedis({ args: ["--user", "idle", ...rules] });
  const admin = new Redis(server.url);
  await admin.acl("SETUSER", "blind", ...rules, "+@all", "-info");
  admin.disconnect();

  const urlFor = (user: string) => `redis://${user}:secret@127.0.0.1:${server.port}`;
  const [idle, blind] = ["idle", "blind"].map((user) =>
    harness.startWorker({ actions, connection: urlFor(user) }),
  );
  const client = harness.client({ connection: urlFor("idle") });

  await expect(idle?.ready()).rejects.toThrow(/NOPERM/);
  await expect(blind?.ready()).rejects.toThrow(/ACL SETUSER blind \+info\./);
  await expect(client.enqueue(action, "x")).rejects.toThrow(/NOPERM/);
});
