import { createHash } from "node:crypto";
import { type Operand, Operands } from "./operands.ts";
import { type RedisClient, type Script, ScriptCall } from "./script.ts";

/** A script that is not ours. */
export interface ForeignScript {
  readonly lua: string;
  readonly numberOfKeys: number;
}

/** Takes a script's keys, then its arguments. On its way when this returns; rejects with what ioredis rejects with. */
export type SendForeign = (operands: readonly Operand[]) => Promise<string | number | null>;

/** Sends a script that answers with one text or number, as ours are sent: in a fraction of the time that `defineCommand` takes. */
export function foreignScript(
  redis: RedisClient,
  { lua, numberOfKeys }: ForeignScript,
): SendForeign {
  const sha1 = createHash("sha1").update(lua).digest("hex");
  const contract = { name: "foreign", keys: [], args: [], outcomes: {} };
  const script: Script<object, object, never> = { ...contract, sha1, lua };
  return async (operands) => {
    const written = new Operands();
    written.add(numberOfKeys);
    for (const operand of operands) written.add(operand);
    const reply = await new ScriptCall(script, String(operands[0]), written).send(redis);
    return typeof reply === "number" || reply === null ? reply : String(reply);
  };
}
