import { ShardKeys } from "@refrain/redis-store";
import { type Client, defineAction, durable, RefrainError, type RunHandle } from "refrain";
import { expect, test } from "vitest";
import { type Damage, Dice, damageToJob, damageToRun } from "./support/damages.ts";
import { Harness, type TestWorker, WARN } from "./support/harness.ts";

const harness = new Harness();

/** How long each test throws things at a worker; half a minute outside CI is REFRAIN_FUZZ_SECONDS=30. */
const FUZZ_MS = Number(process.env["REFRAIN_FUZZ_SECONDS"] ?? 2.5) * 1000;
const SEED = Number(process.env["REFRAIN_FUZZ_SEED"] ?? Date.now() % 1_000_000);

const shop = defineAction<string, string>({ name: "shop" });
const step = durable("step", async (id: string, index: number) => {
  await new Promise((resolve) => {
    setTimeout(resolve, 3);
  });
  return { id, index };
});
const implementation = shop.implement(async (ctx, id) => {
  for (let index = 0; index < 3; index += 1) await ctx.durableExecute(step, [id, index]);
  return id;
});

const BATCH = 6;

interface Siege {
  readonly damages: number;
  readonly sound: readonly RunHandle<string>[];
  /** What a client threw at whoever asked for a damaged run that is none of Refrain's errors. */
  readonly strange: readonly unknown[];
}

/** Enqueues runs and damages all but the first of each batch while they wait and run, until the time is over. */
async function besiege(client: Client, dice: Dice, damage: Damage): Promise<Siege> {
  const redis = harness.redis();
  const keys = new ShardKeys(harness.namespace, 0);
  const sound: RunHandle<string>[] = [];
  const strange: unknown[] = [];
  let damages = 0;
  for (const end = Date.now() + FUZZ_MS; Date.now() < end || damages < 60; ) {
    const items = Array.from({ length: BATCH }, (_, index) => ({
      input: `${damages}/${index}`,
      delayMs: dice.below(20),
    }));
    const [first, ...victims] = await client.enqueueMany(shop, items);
    if (first !== undefined) sound.push(first);
    for (const victim of victims) {
      await damage(redis, keys, victim.runId, dice);
      damages += 1;
    }
    for (const victim of victims) strange.push(...(await strangeAnswers(victim)));
  }
  return { damages, sound, strange };
}

async function strangeAnswers(run: RunHandle<string>): Promise<unknown[]> {
  const asked = [run.status(), run.state(), run.result({ timeoutMs: 1 })];
  const answers = await Promise.allSettled(asked);
  return answers
    .flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []))
    .filter((reason) => !(reason instanceof RefrainError));
}

function startWorker(): Promise<TestWorker> {
  const locks = { lockDurationMs: 2000, stalledIntervalMs: 500, poisonAfter: 2 };
  return harness.worker({ actions: [implementation], concurrency: 50, ...locks });
}

test.for<[string, Damage]>([
  ["a run's record, its journal and the list of live runs", damageToRun],
  ["a run's job", damageToJob],
])(
  "F18 whatever is written over %s, the worker lives and all other runs go on",
  { timeout: 120_000 + FUZZ_MS },
  async ([, damage]) => {
    const dice = new Dice(SEED);
    const before = Reflect.ownKeys(Object.prototype).length;
    const worker = await startWorker();
    const client = harness.client();

    const { damages, sound, strange } = await besiege(client, dice, damage);
    const results = await Promise.allSettled(sound.map((run) => run.result({ timeoutMs: 20_000 })));
    const last = await client.enqueue(shop, "last");

    process.stdout.write(`F18: ${damages} damages, ${sound.length} other runs, seed ${SEED}\n`);
    expect(await last.result({ timeoutMs: 20_000 })).toBe("last");
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
    expect(strange).toEqual([]);
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
    // Else nothing of it ever reached the worker.
    expect(worker.logs.filter(({ level }) => level >= WARN)).not.toEqual([]);
  },
);
