import type { Redis } from "ioredis";

/**
 * Takes the password out of what a connection, and every copy of it, reports: an error of ioredis names the command it belongs to,
 * with its arguments, and whoever logs the error logs them.
 */
export function hideCredentials(redis: Redis): Redis {
  redis.on("error", hide);
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => hideCredentials(duplicate(override));
  return redis;
}

function hide(error: Error): void {
  const command: unknown = Reflect.get(error, "command");
  if (typeof command !== "object" || command === null) return;
  const name = String(Reflect.get(command, "name")).toLowerCase();
  if (name === "hello" || name === "auth") Reflect.set(command, "args", ["[hidden]"]);
}
