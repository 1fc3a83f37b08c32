import { optionsOf, type RedisClient, StoreError } from "@refrain/redis-store";
import { Rights } from "./ask-rights.ts";

/**
 * Which rules a connection's user lacks. Who cannot be asked about is taken to lack nothing: what it is refused then, it will
 * hear when it asks for it.
 */
export async function lackedRules(
  redis: RedisClient,
  namespace: string,
  commands: readonly string[],
): Promise<readonly string[]> {
  try {
    return (await Rights.ask(redis, namespace, commands)).lackedOf(commands);
  } catch {
    return [];
  }
}

/** @throws StoreError when there is anything that the user lacks. */
export function requireRights(redis: RedisClient, who: string, lacked: readonly string[]): void {
  if (lacked.length === 0) return;
  const user = optionsOf(redis).username ?? "default";
  throw new StoreError(
    `user "${user}" of Redis lacks rights that ${who} needs: ACL SETUSER ${user} ${lacked.join(" ")}. The file acl/worker.acl of the package refrain grants all that workers and clients need`,
  );
}
