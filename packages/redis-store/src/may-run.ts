import { type RedisClient, runScript } from "./script.ts";
import { may } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

/**
 * Which of these commands the connection's user is not allowed; none of them is run, and no refusal is logged by the server.
 *
 * @param commands each with its arguments, parted by single spaces
 * @throws StoreError when even this question is refused.
 */
export async function deniedCommands(
  redis: RedisClient,
  commands: readonly string[],
): Promise<readonly string[]> {
  try {
    return (await runScript(redis, may, {}, { commands })).commands.map(String);
  } catch (error) {
    throw StoreError.from("what the user may do cannot be found out", error);
  }
}
