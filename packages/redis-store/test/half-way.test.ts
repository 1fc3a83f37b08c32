import {
  type Group,
  type JournalEntry,
  type NewRun,
  pendingCall,
  type Settlement,
} from "@refrain/core";
import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as scripts from "../src/scripts.generated.ts";
import {
  deliveryOf,
  newRun,
  openStore,
  type StoreBench,
  sampleCall,
  slotsOf,
} from "./store-bench.ts";
import { workerRules } from "./worker-user.ts";

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** What is done to one run: first by somebody who may do everything, then by the user whose rights are taken away. */
interface Step {
  readonly before?: (bench: StoreBench, run: NewRun) => Promise<unknown>;
  /** Done again as it is, it is the same request. */
  readonly act: (bench: StoreBench, run: NewRun) => Promise<unknown>;
  readonly commands: readonly string[];
}

const bytes = sampleCall();
const record = (slot: number): JournalEntry => ({ op: "record", slot, bytes });
const clear = (from: number, to: number): JournalEntry => ({ op: "clear", from, to });
const settle = (status: "SUCCEEDED" | "FAILED"): JournalEntry => ({
  op: "settle",
  settlement: {
    status,
    payload: bytes,
    failedSlot: undefined,
    retentionMs: 60_000,
  } satisfies Settlement,
});

const claim = (run: NewRun): Group => {
  return { kind: "claim", delivery: deliveryOf(run, { nonce: "nonce" }) };
};
const write = (run: NewRun, n: number, ...entries: JournalEntry[]): Group => {
  return { kind: "write", runId: run.runId, nonce: "nonce", n, entries };
};

async function send({ port }: StoreBench, group: Group): Promise<void> {
  const [reply] = await port.send([group]);
  if (reply?.word === "refused") throw reply.error;
  if (!/^(?:claimed|applied|same)$/.test(reply?.word ?? "")) throw new Error(`${reply?.word}`);
}

async function claimed(bench: StoreBench, run: NewRun): Promise<void> {
  await bench.store.create(run);
  await send(bench, claim(run));
  await send(bench, write(run, 1, record(0), record(1), record(2)));
}

const writing = (...entries: JournalEntry[]): Step => ({
  before: claimed,
  act: (bench, run) => send(bench, write(run, 2, ...entries)),
  commands: commandsOf(scripts.commit),
});

const steps: Readonly<Record<string, Step>> = {
  create: {
    // What somebody left there without its run.
    before: ({ redis, keys }, run) => redis.hset(keys.of(run.runId).calls, "0", "left"),
    act: ({ store }, run) => store.create({ ...run, delayMs: 1000, priority: 1 }),
    commands: commandsOf(scripts.create),
  },
  claim: {
    async before(bench, run) {
      await claimed(bench, run);
      await send(bench, write(run, 2, { op: "release", unknownAsks: 1 }));
    },
    act(bench, run) {
      const next = { nonce: "next", attemptsStarted: 2, jobTimestamp: 2000 };
      return send(bench, { kind: "claim", delivery: deliveryOf(run, next) });
    },
    commands: commandsOf(scripts.commit),
  },
  clear: writing(record(3), clear(1, 3), record(1)),
  "clear and settle": writing(record(3), clear(1, 3), record(1), settle("FAILED")),
  "settle as succeeded": writing(record(3), settle("SUCCEEDED")),
  "settle as failed": writing(record(3), settle("FAILED")),
  release: writing(record(3), { op: "release", unknownAsks: 1 }),
  reopen: {
    async before(bench, run) {
      await claimed(bench, run);
      await send(bench, write(run, 2, clear(2, 2), settle("FAILED")));
    },
    async act({ store }, { runId }) {
      const identity = { slot: 1, functionId: "charge", argsDigest: "0123456789abcdef" };
      const call = pendingCall({ ...identity, after: 0, startedAt: 1000 });
      const reopening = { runId, requestId: "request", v: 3, reopened: [], call };
      const { kind } = await store.reopen(reopening);
      if (kind !== "reopened") throw new Error(kind);
    },
    commands: commandsOf(scripts.reopen),
  },
};

function commandsOf({ lua }: { readonly lua: string }): readonly string[] {
  const found = lua.matchAll(/redis\.call\('(?<command>[A-Z]+)'/g);
  return [...new Set(Array.from(found, ({ groups }) => groups?.["command"] ?? ""))];
}

/** Everything that is kept of a run, without what is its own: its times and how long it is still kept. */
async function stateOf({ redis, keys }: StoreBench, { runId }: NewRun) {
  const { run, calls } = keys.of(runId);
  const fields = await redis.hgetall(run);
  for (const time of ["createdAt", "settledAt", "notBefore"]) {
    if (time in fields) fields[time] = "a time";
  }
  return {
    fields,
    calls: await redis.hgetall(calls),
    isListed: (await redis.zscore(keys.live, runId)) !== null,
    expires: [(await redis.pttl(run)) > 0, (await redis.pttl(calls)) > 0],
  };
}

type State = Awaited<ReturnType<typeof stateOf>>;

/** What would be lost, or never go, if nobody asked again. */
function flawsOf({ fields: { status }, calls, isListed, expires }: State): string[] {
  if (status === undefined) return [];
  const isSettled = /^(?:SUCCEEDED|FAILED)$/.test(status);
  const kept = Object.keys(calls).length > 0 ? expires : expires.slice(0, 1);
  return [
    ...(isSettled && kept.includes(false) ? ["settled, and kept for ever"] : []),
    ...(!isSettled && kept.includes(true) ? ["live, and expires"] : []),
    ...(isSettled === isListed ? [`${status}, and listed: ${isListed}`] : []),
  ];
}

async function denying(user: string, command: string, act: () => Promise<unknown>) {
  await admin.acl("SETUSER", user, `-${command.toLowerCase()}`);
  try {
    await act();
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await admin.acl("SETUSER", user, `+${command.toLowerCase()}`);
  }
}

for (const [name, { before = () => {}, act, commands }] of Object.entries(steps)) {
  it(`F29 ${name}: a user who was denied any one command of it, and then asks again, gets what one who was not denied gets`, async () => {
    await using all = await openStore({ url: server.url });
    const user = `user-${all.namespace}`;
    await admin.acl("SETUSER", user, ...workerRules(all.namespace));
    const redis = new Redis(server.url, { username: user, password: "secret" });
    const store = { namespace: all.namespace, url: server.url };
    await using own = await openStore({ ...store, redis });
    const common = { requestId: "asked" };
    const undisturbed = newRun(common);
    await before(all, undisturbed);
    await act(all, undisturbed);
    const wanted = await stateOf(all, undisturbed);
    const refusals: string[] = [];

    for (const command of commands) {
      const run = newRun(common);
      await before(all, run);
      const untouched = await stateOf(all, run);
      const refusal = await denying(user, command, () => act(own, run));
      const state = await stateOf(all, run);
      if (refusal !== undefined) refusals.push(command);

      expect({ command, flaws: flawsOf(state) }).toEqual({ command, flaws: [] });
      expect({ command, outcome: state.fields["outcome"] }).toEqual({
        command,
        outcome: (refusal === undefined ? wanted : untouched).fields["outcome"],
      });
      await act(own, run);
      expect({ command, ...(await stateOf(all, run)) }).toEqual({ command, ...wanted });
    }

    expect(refusals).toContain("HSET");
    expect(flawsOf(wanted)).toEqual([]);
    redis.disconnect();
    await admin.acl("DELUSER", user);
  });
}

it("F29 what came of calls stays when the settlement that would drop them is refused, and so does a clear before them", async () => {
  await using all = await openStore({ url: server.url });
  const user = `user-${all.namespace}`;
  await admin.acl("SETUSER", user, ...workerRules(all.namespace));
  const redis = new Redis(server.url, { username: user, password: "secret" });
  await using own = await openStore({ namespace: all.namespace, url: server.url, redis });
  const run = newRun();
  await claimed(all, run);
  const group = write(run, 2, clear(1, 2), record(1), record(4), settle("SUCCEEDED"));

  const refusal = await denying(user, "PUBLISH", () => send(own, group));

  expect(refusal?.message).toContain("PUBLISH");
  expect(await slotsOf(all, run.runId)).toEqual(["0", "1", "4"]);
  await send(own, group);
  expect(await all.store.read(run.runId)).toMatchObject({ status: "SUCCEEDED", calls: [] });
  redis.disconnect();
  await admin.acl("DELUSER", user);
});
