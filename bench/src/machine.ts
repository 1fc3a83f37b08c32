import os from "node:os";
import { Redis } from "ioredis";

/** Where the figures come from: without it they say nothing. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly redis: string;
  readonly durability: string;
  /** Processes that wanted a core when the measurement began. */
  readonly load: number;
}

export async function readMachine(redisUrl: string): Promise<Machine> {
  const redis = new Redis(redisUrl);
  const info = await redis.info("server");
  const settings = await redis.config("GET", "append*");
  redis.disconnect();
  const setting = (name: string): string => settings[settings.indexOf(name) + 1] ?? "unknown";
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    node: process.version,
    redis: /^(?:valkey|redis)_version:(.*)$/m.exec(info)?.[1]?.trim() ?? "unknown",
    durability: `appendonly ${setting("appendonly")}, appendfsync ${setting("appendfsync")}`,
    load: os.loadavg()[0] ?? 0,
  };
}

/** The conditions under which figures hold, for people. */
export function describe({ date, cores, cpu, load, node, redis, durability }: Machine): string {
  return `${date}, ${cores} cores of ${cpu}, load ${load.toFixed(1)}, Node ${node}, Redis ${redis}, ${durability}`;
}
