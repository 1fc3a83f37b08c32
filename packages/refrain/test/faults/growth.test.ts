import { readLayout, ShardKeys, shardOf } from "@refrain/redis-store";
import { EffectLedger, eventually } from "@refrain/testkit";
import { expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { refrain } from "../support/cli.ts";
import { Harness } from "../support/harness.ts";
import { booking } from "./growth/growth-action.ts";

const harness = new Harness();

const CLIENT = new URL("./growth/growth-client.ts", import.meta.url);
const HELD = new URL("./growth/held-client.ts", import.meta.url);
const OPERATION = new URL("./growth/growth-operation.ts", import.meta.url);
const WORKER = new URL("./growth/growth-worker.ts", import.meta.url);

/** Ids that one shard and four place differently. */
function idsThatMove(count: number): string[] {
  const ids: string[] = [];
  for (let n = 0; ids.length < count; n++) {
    if (shardOf(`held-${n}`, 2) === 1 && shardOf(`held-${n}`, 4) === 3) ids.push(`held-${n}`);
  }
  return ids;
}

/** The processes of a namespace that grows under load, and the ledger they all write to. */
class Bed implements AsyncDisposable {
  readonly ledger = new EffectLedger();
  readonly #children: Child[] = [];

  start(module: URL, env: Readonly<Record<string, string>> = {}): Child {
    const { path: LEDGER } = this.ledger;
    const common = { REDIS: harness.url(), NAMESPACE: harness.namespace, LEDGER };
    const child = new Child(module, { ...common, ...env });
    this.#children.push(child);
    return child;
  }

  async worker(): Promise<Child> {
    const worker = this.start(WORKER);
    const isReady = (): void => expect(worker.output).toContain("ready");
    await eventually(isReady, { timeoutMs: 20_000 });
    return worker;
  }

  /** Resolves when so many more runs were created than now. */
  async untilMore(count: number): Promise<void> {
    const before = this.ledger.counts("created").size;
    const isThere = (): void =>
      expect(this.ledger.counts("created").size).toBeGreaterThanOrEqual(before + count);
    await eventually(isThere, { timeoutMs: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ exited }) => exited));
    this.ledger.close();
  }
}

test("F1 F15 a namespace grows from 1 to 2 to 4 shards under load, though each step's process is killed: every id is one run", async () => {
  await using bed = new Bed();
  const { ledger } = bed;
  const { namespace } = harness;
  const redis = harness.redis();
  const [theirs = "", own = ""] = idsThatMove(2);
  let victim = await bed.worker();
  await bed.worker();
  const clients = [bed.start(CLIENT), bed.start(CLIENT)];
  const held = bed.start(HELD, { RUN_IDS: `${theirs},${own}` });
  await eventually(() => expect(ledger.counts("in hand").size).toBe(1), { timeoutMs: 20_000 });
  await bed.untilMore(20);

  const signals: unknown[] = [];
  for (const [shards, steps] of [
    ["2", 1],
    ["2", 2],
    ["2", 3],
    ["4", 3],
  ] as const) {
    const operation = bed.start(OPERATION, { SHARDS: shards, STEPS: String(steps) });
    signals.push((await operation.exited).signal);
    victim.kill("SIGKILL");
    await bed.untilMore(20);
    victim = await bed.worker();
    if (steps !== 3) continue;
    const args = ["shards", "--namespace", namespace, "--grow", shards];
    const ended = await refrain(args, { REDIS_URL: harness.url() });
    expect(ended).toMatchObject({ code: 0, err: "" });
    await bed.untilMore(20);
  }
  const fresh = harness.client();
  const meanwhile = await fresh.enqueue(booking, null, { runId: theirs });
  held.kill("SIGCONT");
  await held.exited;
  for (const client of clients) client.kill("SIGTERM");
  const exits = await Promise.all(clients.map(({ exited }) => exited));

  expect(signals).toEqual(["SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL"]);
  expect(exits).toMatchObject([{ code: 0 }, { code: 0 }]);
  expect(await readLayout(redis, namespace)).toMatchObject({ shards: 4, former: [1, 2] });
  const told = ledger.read().filter(({ by }) => by === "held");
  expect(told.map(({ kind, key }) => [key, kind])).toEqual([
    [theirs, "existing"],
    [own, "created"],
  ]);
  expect([...ledger.counts("refused").keys()]).toEqual([]);
  const created = ledger.counts("created");
  created.set(theirs, meanwhile.created ? 1 : 0).set("held-warm-up", 1);
  const ids = [...created.keys()];
  expect(ids.filter((id) => created.get(id) !== 1)).toEqual([]);
  for (const runId of ledger.counts("existing").keys()) expect(ids).toContain(runId);
  const results = await Promise.all(
    ids.map((runId) => fresh.run(booking, runId).result({ timeoutMs: 40_000 })),
  );
  expect(results).toEqual(ids.map((runId) => `booked ${runId}`));
  const effects = ledger.counts("effect");
  expect(ids.filter((id) => effects.get(id) !== 1)).toEqual([]);
  expect([...effects.keys()].toSorted()).toEqual(ids.toSorted());
  const stored = (await redis.keys(`{${namespace}:*}:run:*`)).filter(
    (key) => !key.endsWith(":calls"),
  );
  expect(stored.map((key) => key.replace(/^.*:/, "")).toSorted()).toEqual(ids.toSorted());
  const shards = [0, 1, 2, 3].map((shard) => new ShardKeys(namespace, shard));
  const used = shards.map(({ prefix }) => stored.some((key) => key.startsWith(prefix)));
  expect(used).toEqual([true, true, true, true]);
  expect(await Promise.all(shards.map(({ live }) => redis.zcard(live)))).toEqual([0, 0, 0, 0]);
}, 120_000);
