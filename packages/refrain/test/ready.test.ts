import os from "node:os";
import { FaultProxy, startRedis } from "@refrain/testkit";
import { pino } from "pino";
import { createWorker, defineAction, StoreError } from "refrain";
import { expect, test, vi } from "vitest";
import { Harness, type TestWorker, WARN } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<string, string>({ name: "echo" });
const actions = [action.implement((_ctx, text) => text)];

test("a worker that cannot reach Redis says so within 5 s, and starts by itself when it can", async () => {
  const proxy = await FaultProxy.start({ port: harness.server.port });
  harness.defer(() => proxy.close());
  proxy.refuse();
  const worker = harness.startWorker({ actions, connection: harness.url(proxy.port) });

  const startedAt = performance.now();
  const unreachable = worker.ready();
  await expect(unreachable).rejects.toThrow(StoreError);
  await expect(unreachable).rejects.toThrow(/cannot be reached.*Start it, or correct host/);
  expect(performance.now() - startedAt).toBeLessThan(6000);

  proxy.heal();
  const run = await harness.client().enqueue(action, "x");
  expect(await run.result({ timeoutMs: 20_000 })).toBe("x");
  await worker.ready();
}, 40_000);

test("a worker goes on by itself after Redis was restarted", async () => {
  const worker = await harness.worker({ actions });
  const client = harness.client();
  await (await client.enqueue(action, "before")).result();

  await harness.server.restart();

  const run = await client.enqueue(action, "after");
  expect(await run.result({ timeoutMs: 20_000 })).toBe("after");
  await worker.ready();
  const said = worker.logs.map((line) => line.msg.split(";")[0]);
  expect(said.filter((line) => line?.startsWith("the connection to Redis"))).toEqual([
    "the connection to Redis is lost",
    "the connection to Redis is back",
  ]);
}, 40_000);

test("another number of shards is refused, and says which is right", async () => {
  await harness.worker({ actions, shards: 2 });

  const worker = harness.startWorker({ actions, shards: 3 });
  const client = harness.client({ shards: 1 });

  await expect(worker.ready()).rejects.toThrow(/shards: 2/);
  await expect(client.enqueue(action, "x")).rejects.toThrow(/shards: 2/);
});

test("what makes a server unsafe is refused or warned of, with what to change", async () => {
  await using volatile = await startRedis({ args: ["--appendonly", "no"] });
  await using evicting = await startRedis({
    args: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
  });

  const warned = await harness.worker({ actions, connection: volatile.url });
  const refused = harness.startWorker({ actions, connection: evicting.url });

  expect(warned.logs.find((line) => line.level === WARN)?.msg).toContain("Set `appendonly yes`");
  await expect(refused.ready()).rejects.toThrow(/maxmemory-policy noeviction/);
  await warned.close();
  await refused.close();
});

test("a server that keeps runs in memory is refused in production, unless the risk is accepted", async () => {
  await using volatile = await startRedis({ args: ["--appendonly", "no"] });
  const connection = volatile.url;
  vi.stubEnv("NODE_ENV", "production");
  harness.defer(async () => void vi.unstubAllEnvs());

  const refused = harness.startWorker({ actions, connection });
  await expect(refused.ready()).rejects.toThrow(
    /loses every run.*Set `appendonly yes`.*acceptRisks/,
  );
  const accepting = await harness.worker({
    actions,
    connection,
    acceptRisks: ["no-persistence"],
  });

  expect(accepting.logs.filter((line) => line.level === WARN)).toEqual([]);
  await refused.close();
  await accepting.close();
});

test("a plaintext connection to another machine is warned of in production, unless the risk is accepted", async () => {
  const address = Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  await using server = await startRedis({
    args: ["--bind", "0.0.0.0", "--protected-mode", "no"],
  });
  const connection = `redis://${address?.address}:${server.port}`;
  vi.stubEnv("NODE_ENV", "production");
  harness.defer(async () => void vi.unstubAllEnvs());

  const careless = await harness.worker({ actions, connection });
  const accepting = await harness.worker({ actions, connection, acceptRisks: ["plaintext"] });

  const warned = (worker: TestWorker) => worker.logs.filter((line) => line.level === WARN);
  expect(warned(careless)).toEqual([
    expect.objectContaining({ msg: expect.stringMatching(/is not encrypted.*rediss:/) }),
  ]);
  expect(warned(accepting)).toEqual([]);
  await careless.close();
  await accepting.close();
});

test("refused credentials are said at once", async () => {
  await using locked = await startRedis({ args: ["--requirepass", "secret"] });

  const worker = harness.startWorker({ actions, connection: locked.url });
  const client = harness.client({ connection: `redis://:wrong@127.0.0.1:${locked.port}` });

  await expect(worker.ready()).rejects.toThrow(/refuses the credentials/);
  await expect(client.enqueue(action, "x")).rejects.toThrow(/refuses the credentials/);
  await worker.close();
});

test("a client that cannot reach Redis says so, and that nothing was sent", async () => {
  const client = harness.client({ connection: "redis://127.0.0.1:1" });

  await expect(client.enqueue(action, "x")).rejects.toThrow(/cannot be reached/);
  await expect(client.run("r-1").status()).rejects.toThrow(/cannot be reached/);
}, 20_000);

test("a worker that is closed while Redis is away lets the process go", async () => {
  const worker = createWorker({
    connection: "redis://127.0.0.1:1",
    actions,
    logger: pino({ level: "silent" }),
  });

  const startedAt = performance.now();
  await worker.close();

  expect(performance.now() - startedAt).toBeLessThan(3000);
});
