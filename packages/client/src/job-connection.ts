import { createIORedisClient, type IRedisClient } from "bullmq";
import type { Cluster, Redis } from "ioredis";

/** A script as BullMQ hands it to its connection. */
export interface JobScript {
  readonly lua: string;
  readonly numberOfKeys: number;
}

/** Sends a script: its keys, then its arguments. */
export type SendScript = (operands: readonly (string | Uint8Array)[]) => Promise<unknown>;

/**
 * A connection as BullMQ takes it, which sends those of its scripts that add jobs in a way of ours: ioredis spends as long on
 * the command as BullMQ on the job. On a connection that has been BullMQ's before, they are sent as ever.
 */
export function jobConnection(
  redis: Redis | Cluster,
  senderOf: (script: JobScript) => SendScript,
): IRedisClient {
  const client: IRedisClient = createIORedisClient(redis);
  const senders = new Map<string, SendScript>();
  const defineCommand: IRedisClient["defineCommand"] = (name, script) => {
    if (ADDS_A_JOB.test(name)) senders.set(name, senderOf(script));
    client.defineCommand(name, script);
  };
  const runCommand: IRedisClient["runCommand"] = (name, args) =>
    senders.get(name)?.(args) ?? client.runCommand(name, args);
  const own = { defineCommand: { value: defineCommand }, runCommand: { value: runCommand } };
  return Object.create(client, own) as IRedisClient;
}

/** With BullMQ's version behind it. */
const ADDS_A_JOB = /^add(?:Standard|Delayed|Prioritized)Job:/;
