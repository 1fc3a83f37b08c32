import { createClient, createWorker, defineAction } from "refrain";
import { expect, test } from "vitest";

// Nothing here connects: what is wrong is refused before.

const action = defineAction<null, void>({ name: "a" });
const actions = [action.implement(() => {})];
const connection = "redis://127.0.0.1:1";

test.each<[object, RegExp]>([
  [{ actions }, /connection is missing/],
  [{ connection, actions, conurrency: 5 }, /unknown option "conurrency"/],
  [{ connection, actions, signals: true }, /unknown option "signals"/],
  [{ connection }, /actions must be a list/],
  [{ connection, actions: [] }, /actions must be a list/],
  [{ connection, actions: [{ name: "a" }] }, /not an implementation/],
  [{ connection, actions: [...actions, ...actions] }, /two implementations of action "a"/],
  [{ connection, actions, concurrency: 0 }, /concurrency must be a whole number from 1/],
  [{ connection, actions, lockDurationMs: 1.5 }, /lockDurationMs must be a whole number/],
  [{ connection, actions, stalledIntervalMs: 1 }, /stalledIntervalMs must be a whole number/],
  [{ connection, actions, drainTimeoutMs: -1 }, /drainTimeoutMs must be a whole number/],
  [{ connection, actions, poisonAfter: 0 }, /poisonAfter must be a whole number/],
  [{ connection, actions, handleSignals: "yes" }, /handleSignals must be true or false/],
  [{ connection, actions, handleRejections: 1 }, /handleRejections must be true or false/],
  [{ connection, actions, acceptRisks: ["plain"] }, /acceptRisks must be a list of no-persistence/],
  [{ connection, actions, acceptRisks: "plaintext" }, /acceptRisks must be a list/],
  [{ connection, actions, queues: ["a:b"] }, /a queue must be/],
  [{ connection, actions, queues: ["live"] }, /cannot be named "live"/],
  [{ connection, actions, namespace: "a:b" }, /a namespace has letters/],
  [{ connection, actions, shards: 0 }, /shards must be a whole number/],
  [{ connection, actions, consumeShards: [] }, /consumeShards must be a list of at least one/],
  [{ connection, actions, consumeShards: [0, 0] }, /consumeShards names a shard twice/],
  [{ connection, actions, consumeShards: [-1] }, /a shard in consumeShards must be a whole number/],
  [{ connection, actions, errors: { Declined: 5 } }, /errors\.Declined must be a class/],
  [{ connection, actions, durability: {} }, /durability asks for nothing/],
  [{ connection, actions, durability: { replicas: -1 } }, /durability\.replicas must be a whole/],
  [{ connection, actions, limits: { maxCall: 5 } }, /unknown option "maxCall"/],
  [{ connection, actions, limits: { maxCalls: 0 } }, /limits\.maxCalls must be a whole number/],
])("createWorker(%j) is refused", (options, message) => {
  expect(() => createWorker(options as never)).toThrow(TypeError);
  expect(() => createWorker(options as never)).toThrow(message);
});

test.each<[object, RegExp]>([
  [{}, /connection is missing/],
  [{ connection, concurrency: 5 }, /unknown option "concurrency"/],
  [{ connection, acceptRisks: [] }, /unknown option "acceptRisks"/],
  [{ connection, namespace: "" }, /a namespace has letters/],
  [{ connection, durability: { fsync: "yes" } }, /durability\.fsync must be true/],
  [{ connection, shards: 5000 }, /shards must be a whole number/],
  [{ connection, errors: { Declined: Date } }, /errors\.Declined must be a class/],
])("createClient(%j) is refused", (options, message) => {
  expect(() => createClient(options as never)).toThrow(TypeError);
  expect(() => createClient(options as never)).toThrow(message);
});

test.each(["run", "live", "settled", "layout", "ack"])(
  "an action whose queue is called %j is refused, for its keys are taken",
  (queue) => {
    const taken = defineAction<null, void>({ name: "a", queue });

    const start = (): unknown => createWorker({ connection, actions: [taken.implement(() => {})] });

    expect(start).toThrow(/Refrain's own keys/);
  },
);
