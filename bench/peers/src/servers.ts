import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import postgres from "postgres";

/** A server with a directory of its own; both go at `stop`. */
export interface Server<Address> {
  readonly address: Address;
  stop(): Promise<void>;
}

/** Redis, with every write on disk before it is answered. */
export async function startRedis(): Promise<Server<string>> {
  const dir = freshDir();
  const port = await freePort();
  const args = ["--port", `${port}`, "--dir", dir, "--save", "", "--appendonly", "yes"];
  const child = start(
    process.env["REDIS_SERVER"] ?? "redis-server",
    [...args, "--appendfsync", "always"],
    dir,
  );
  await answering(port);
  return { address: `redis://127.0.0.1:${port}`, stop: () => end(child, dir) };
}

export interface RestateAddress {
  readonly ingress: string;
  readonly admin: string;
}

/** Restate as it comes: one node, its write-ahead log synced. */
export async function startRestate(): Promise<Server<RestateAddress>> {
  const dir = freshDir();
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const require = createRequire(import.meta.url);
  const bin = path.join(
    path.dirname(require.resolve("@restatedev/restate-server/package.json")),
    "lib/index.js",
  );
  const child = start(
    process.execPath,
    [bin, "--no-logo", "--base-dir", dir, "--listen-mode", "tcp"],
    dir,
    {
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_LOG_FILTER: "warn",
      DO_NOT_TRACK: "1",
    },
  );
  const address = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
  await healthy(`${address.admin}/health`);
  await healthy(`${address.ingress}/restate/health`);
  return { address, stop: () => end(child, dir) };
}

/** PostgreSQL as it comes: fsync on, synchronous commits. Gives a URL for a database of each name asked for. */
export async function startPostgres(): Promise<Server<(database: string) => Promise<string>>> {
  const dir = freshDir();
  const bin = process.env["PG_BIN"] ?? newestPostgres();
  const port = await freePort();
  // It refuses to run as root.
  const asUser =
    process.getuid?.() === 0
      ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
      : [];
  if (asUser.length > 0) spawnSync("chown", ["postgres", dir]);
  const data = path.join(dir, "data");
  const [first, ...rest] = [
    ...asUser,
    path.join(bin, "initdb"),
    "-D",
    data,
    "-U",
    "bench",
    "-A",
    "trust",
  ];
  const made = spawnSync(first, rest, { cwd: dir, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const [command, ...args] = [
    ...asUser,
    path.join(bin, "postgres"),
    "-D",
    data,
    "-p",
    `${port}`,
    "-k",
    dir,
    "-c",
    "max_connections=200",
  ];
  const child = start(command, args, dir);
  const url = (database: string): string => `postgres://bench@127.0.0.1:${port}/${database}`;
  await answering(port);
  const sql = postgres(url("postgres"), { onnotice: () => {} });
  await eventually(() => sql`select 1`);
  const address = async (database: string): Promise<string> => {
    await sql`create database ${sql(database)}`;
    return url(database);
  };
  return {
    address,
    stop: async () => {
      await sql.end();
      await end(child, dir);
    },
  };
}

function newestPostgres(): string {
  const base = "/usr/lib/postgresql";
  const versions = fs.existsSync(base) ? fs.readdirSync(base).map(Number) : [];
  if (versions.length > 0) return path.join(base, `${Math.max(...versions)}`, "bin");
  throw new Error(
    "no PostgreSQL found: install it, or name the directory of its programs in PG_BIN",
  );
}

function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const log = fs.openSync(path.join(cwd, "log"), "w");
  return spawn(command, args, {
    cwd,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env },
  });
}

async function end(child: ChildProcess, dir: string): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  if (child.exitCode === null && child.signalCode === null) await gone;
  clearTimeout(late);
  fs.rmSync(dir, { recursive: true, force: true });
}

function freshDir(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "refrain-peers-"));
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answering(port: number): Promise<void> {
  return eventually(
    () =>
      new Promise((resolve, reject) => {
        const socket = net.connect(port, "127.0.0.1");
        socket.once("connect", () => resolve(socket.destroy()));
        socket.once("error", reject);
      }),
  );
}

function healthy(url: string): Promise<void> {
  return eventually(async () => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  });
}

async function eventually(act: () => PromiseLike<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
