import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { pino } from "pino";
import { type Connection, createClient, createWorker, defineAction } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { examine } from "../src/doctor/examine.ts";

const action = defineAction<string, string>({ name: "echo" });
const actions = [action.implement((_ctx, text) => text)];
const logger = pino({ level: "silent" });

let folder: string;
let server: RedisServer;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "refrain-tls-"));
  for (const name of ["ca", "stranger"])
    openssl("req", "-x509", ...request(name, "-out", `${name}.crt`));
  for (const name of ["server", "client"]) {
    openssl(
      "req",
      ...request(name, "-out", `${name}.csr`, "-addext", "subjectAltName=IP:127.0.0.1"),
    );
    const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.crt`);
  }
  port = await freePort();
  const at = (name: string): string => path.join(folder, name);
  const files = ["--tls-cert-file", at("server.crt"), "--tls-key-file", at("server.key")];
  const args = ["--tls-port", `${port}`, "--tls-ca-cert-file", at("ca.crt"), ...files];
  server = await startRedis({ args });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
}

function request(name: string, ...more: string[]): string[] {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  return [...key, "-keyout", `${name}.key`, "-subj", `/CN=${name}`, ...more];
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const listener = net.createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = listener.address() as net.AddressInfo;
      listener.close(() => resolve(free));
    });
  });
}

/** A connection by TLS, with these of the files. */
function secured(files: { ca?: string; client?: string }) {
  const read = (name: string): Buffer => readFileSync(path.join(folder, name));
  const own = files.client && {
    cert: read(`${files.client}.crt`),
    key: read(`${files.client}.key`),
  };
  return {
    host: "127.0.0.1",
    port,
    tls: { ...(files.ca && { ca: read(`${files.ca}.crt`) }), ...own },
  };
}

test("a worker, a client and the doctor work over TLS, each with a certificate of its own", async () => {
  const connection = secured({ ca: "ca", client: "client" });
  const worker = createWorker({ connection, actions, logger });
  const client = createClient({ connection });

  const run = await client.enqueue(action, "x");
  const output = await run.result({ timeoutMs: 20_000 });
  const redis = new Redis({ ...connection, replyMapping: "legacy" });
  const options = { address: "", namespace: "refrain", queues: [], acceptRisks: [] };
  const { problems, namespace } = await examine(redis, options);

  expect(output).toBe("x");
  expect([problems, namespace?.queues.length]).toEqual([[], 1]);
  redis.disconnect();
  await client.close();
  await worker.close();
});

test.each([
  ["without a certificate", { ca: "ca" }, /no TLS with Redis.*CERTIFICATE_REQUIRED.*Correct ca/],
  ["that trusts others", { ca: "stranger", client: "client" }, /no TLS.*SELF_SIGNED_CERT/],
  ["that trusts nobody of its own", {}, /no TLS.*SELF_SIGNED_CERT/],
])(
  "F28 a worker and a client %s are told why, and try no further",
  async (_who, files, message) => {
    const why = [expect.stringMatching(message), expect.stringMatching(message)];

    // What the server says as it hangs up is lost where the client has sent it something by then: on a busy machine, now and then.
    await eventually(async () => expect(await told(secured(files))).toEqual(why), {
      timeoutMs: 20_000,
    });
  },
  30_000,
);

test("F28 plaintext to a port of TLS is told within the time that a start may take", async () => {
  const message = /cannot be reached.*TLS in `connection`/;

  expect(await told({ host: "127.0.0.1", port })).toEqual([
    expect.stringMatching(message),
    expect.stringMatching(message),
  ]);
}, 30_000);

/** What a worker that starts and a client that enqueues are told. */
async function told(connection: Connection): Promise<string[]> {
  const worker = createWorker({ connection, actions, logger });
  const client = createClient({ connection });
  const messages = await Promise.all([
    worker.ready().then(String, String),
    client.enqueue(action, "x").then(String, String),
  ]);
  await client.close();
  await worker.close();
  return messages;
}
