import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { checkName } from "@refrain/core";
import { checkNamespace, checkQueueName, connectRedis, waitUntilReady } from "@refrain/redis-store";
import { Redis } from "ioredis";
import { checkRisks } from "../accept-risks.ts";
import { describeDiagnosis } from "../doctor/describe-diagnosis.ts";
import { examine } from "../doctor/examine.ts";

export const DOCTOR_USAGE = `refrain doctor [options]

Looks at a Redis server and a namespace, and names what is wrong with them. It only reads.

  --url <url>            redis:// or rediss://; default: REDIS_URL, which no process list shows
  --namespace <name>     default: refrain
  --queue <name>         a queue to look at besides those of live runs; may be given again
  --accept-risk <risk>   no-persistence or plaintext: known, and meant; may be given again
  --cacert <file>        the authority that signed the server's certificate
  --cert <file>          this client's certificate, where the server asks for one
  --key <file>           its key
  --json                 for programs

Exit codes: 0 nothing is wrong; 1 problems were found; 2 the server could not be looked at, or the command was wrong.`;

const OPTIONS = {
  url: { type: "string" },
  namespace: { type: "string", default: "refrain" },
  queue: { type: "string", multiple: true, default: [] },
  "accept-risk": { type: "string", multiple: true, default: [] },
  cacert: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

/** @returns the exit code */
export async function doctor(args: readonly string[]): Promise<number> {
  const values = read(args);
  const redis = connect(values);
  try {
    await waitUntilReady(redis);
    const diagnosis = await examine(redis, {
      address: `${redis.options.host}:${redis.options.port}`,
      namespace: values.namespace,
      queues: values.queue,
      acceptRisks: values["accept-risk"],
    });
    const told = values.json ? JSON.stringify(diagnosis, null, 2) : describeDiagnosis(diagnosis);
    process.stdout.write(`${told}\n`);
    return diagnosis.problems.length === 0 ? 0 : 1;
  } finally {
    redis.disconnect();
  }
}

type Values = ReturnType<typeof read>;

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

/** A connection as a worker's, except that it gives up when the server does. */
function connect({ url, cacert, cert, key }: Values): Redis {
  const files = { ...pem("ca", cacert), ...pem("cert", cert), ...pem("key", key) };
  const tls = Object.keys(files).length === 0 ? {} : { tls: files };
  const address = url ?? process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
  if (!/^rediss?:\/\//.test(address)) {
    throw new TypeError("--url and REDIS_URL must begin with redis:// or rediss://");
  }
  return connectRedis(new Redis(address, { ...tls, lazyConnect: true }), "queue").redis;
}

function pem(name: string, file: string | undefined): Readonly<Record<string, Buffer>> {
  if (file === undefined) return {};
  try {
    return { [name]: readFileSync(file) };
  } catch (cause) {
    throw new TypeError(`${file} cannot be read`, { cause });
  }
}
