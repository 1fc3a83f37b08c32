import type { Redis } from "ioredis";

/** What the server has spent since it was started. */
export interface ServerFigures {
  readonly cpuUs: number;
  /** Scripts run, everybody's. */
  readonly scripts: number;
}

export async function serverFigures(redis: Redis): Promise<ServerFigures> {
  const info = await redis.info("cpu", "commandstats");
  const seconds = fieldOf(info, /^used_cpu_user:(.*)$/m) + fieldOf(info, /^used_cpu_sys:(.*)$/m);
  const scripts =
    fieldOf(info, /^cmdstat_evalsha:calls=(\d+)/m) + fieldOf(info, /^cmdstat_eval:calls=(\d+)/m);
  return { cpuUs: seconds * 1e6, scripts };
}

function fieldOf(info: string, field: RegExp): number {
  return Number(field.exec(info)?.[1] ?? 0);
}
