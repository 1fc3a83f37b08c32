// A Redis for one command: the one REDIS_URL names, or a server of our own that ends with this process.
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startDockerRedis } from "./docker-redis.mjs";
import { findRedisServer, HOW_TO_GET_REDIS } from "./find-redis.mjs";

const START_TIMEOUT_MS = 10_000;

// The shell waits for the end of its input, which the kernel closes however this process ends, and
// then stops the server and removes its directory.
const GUARD = 'dir=$1; shift; "$@" & read -r _; kill $!; wait $!; rm -rf "$dir"';

/** Resolves to a server's `url`, its `binary` where tests can start more of them, and how to `stop` it. */
export async function provideRedis() {
  const binary = findRedisServer();
  const url = process.env["REDIS_URL"];
  if (url) return { url, binary, how: "REDIS_URL", stop: () => {} };
  const server = binary ? await startRedis(binary) : startDockerRedis();
  if (server === undefined) throw new Error(HOW_TO_GET_REDIS);
  return { ...server, binary };
}

/** Another process may take the free port before the server does, so a start is tried a few times. */
async function startRedis(binary) {
  for (let tries = 1; ; tries++) {
    const server = launch(binary, await freePort());
    if (await answersBefore(server, Date.now() + START_TIMEOUT_MS)) return server;
    const log = fs.readFileSync(server.log, "utf8");
    await server.stop();
    if (tries === 3) throw new Error(`${binary} did not start:\n${log}`);
  }
}

function launch(binary, port) {
  const dir = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "refrain-redis-"));
  const log = path.join(dir, "redis.log");
  const settings = {
    port,
    bind: "127.0.0.1",
    dir,
    logfile: log,
    save: "",
    appendonly: "yes",
    appendfsync: "everysec",
    "maxmemory-policy": "noeviction",
  };
  fs.writeFileSync(log, "");
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // In a session of its own, or a Ctrl-C would stop the server before those who still use it.
  const guard = spawn("sh", ["-c", GUARD, "sh", dir, binary, ...args], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise((resolve) => guard.on("exit", resolve));
  const stop = () => {
    guard.stdin.end();
    return ended;
  };
  return { url: `redis://127.0.0.1:${port}`, how: binary, port, dir, log, stop };
}

async function answersBefore({ port, dir }, deadline) {
  while (Date.now() < deadline) {
    if ((await ask(port, "CONFIG GET dir\r\n")).includes(dir)) return true;
    await sleep(25);
  }
  return false;
}

/** What a server replies to one command; empty when nobody listens. */
function ask(port, command) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(command));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (reply) => {
      resolve(String(reply));
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(""));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
