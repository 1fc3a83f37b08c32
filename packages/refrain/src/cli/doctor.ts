import { type ParseArgsConfig, parseArgs } from "node:util";
import { checkName } from "@refrain/core";
import { addressOf, checkNamespace, checkQueueName, endConnection } from "@refrain/redis-store";
import { checkRisks } from "../accept-risks.ts";
import { describeDiagnosis } from "../doctor/describe-diagnosis.ts";
import { examine } from "../doctor/examine.ts";
import { CONNECTION_OPTIONS, openConnection, TLS_USAGE, URL_USAGE } from "./connection-options.ts";

export const DOCTOR_USAGE: string = `refrain doctor [options]

Looks at a Redis server and a namespace, and names what is wrong with them. It only reads.

  ${URL_USAGE}
  --namespace <name>     default: refrain
  --queue <name>         a queue to look at besides those of live runs; may be given again
  --accept-risk <risk>   no-persistence or plaintext: known, and meant; may be given again
  ${TLS_USAGE}
  --json                 for programs

Exit codes: 0 nothing is wrong; 1 problems were found; 2 the server could not be looked at, or the command was wrong.`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  namespace: { type: "string", default: "refrain" },
  queue: { type: "string", multiple: true, default: [] },
  "accept-risk": { type: "string", multiple: true, default: [] },
  json: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

/** @returns the exit code */
export async function doctor(args: readonly string[]): Promise<number> {
  const values = read(args);
  const redis = await openConnection(values);
  try {
    const diagnosis = await examine(redis, {
      address: addressOf(redis),
      namespace: values.namespace,
      queues: values.queue,
      acceptRisks: values["accept-risk"],
    });
    const told = values.json ? JSON.stringify(diagnosis, null, 2) : describeDiagnosis(diagnosis);
    process.stdout.write(`${told}\n`);
    return diagnosis.problems.length === 0 ? 0 : 1;
  } finally {
    endConnection(redis);
  }
}

/** @throws TypeError that says what is wrong with the arguments. */
function read(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  checkNamespace(values.namespace);
  for (const queue of values.queue) {
    checkName("--queue", queue);
    checkQueueName(queue);
  }
  const accepted = values["accept-risk"];
  checkRisks("--accept-risk", accepted);
  return { ...values, "accept-risk": accepted };
}
