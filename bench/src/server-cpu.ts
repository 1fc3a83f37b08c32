import type { Redis } from "ioredis";

/** CPU time that the server has taken since it was started, us. */
export async function serverCpuUs(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = fieldOf(info, /^used_cpu_user:(.*)$/m) + fieldOf(info, /^used_cpu_sys:(.*)$/m);
  return seconds * 1e6;
}

function fieldOf(info: string, field: RegExp): number {
  return Number(field.exec(info)?.[1] ?? 0);
}
