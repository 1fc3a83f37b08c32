// Runs the commands of docker-compose.yml without Docker: the same arrays, in what the Dockerfile lays out, and the same
// environment but for addresses.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { readLog } from "../src/append-log.ts";
import type { Booking } from "../src/gateway/ledger.ts";
import type { Outcome } from "../src/records.ts";
import { readCompose, type Service } from "./compose-file.ts";
import { deploy } from "./deployed.ts";

const { services } = readCompose();
const ORDERS = 60;

let dir: string;
let app: string;
let redis: RedisServer;
let ports: Record<string, number>;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-compose-"));
  app = path.join(dir, "app");
  deploy(app);
  const orders = path.join(app, "orders.ndjson");
  // The laid out file may be a hard link to the repository's own: it is replaced, not written to.
  fs.rmSync(orders);
  fs.writeFileSync(orders, Array.from({ length: ORDERS }, line).join(""));
  redis = await startRedis();
  ports = { gateway: await freePort(), board: await freePort(), health: await freePort() };
}, 120_000);

// What a test leaves behind would answer the health checks of the next.
afterEach(async () => {
  const gone = [...running].map((child) => once(child, "exit"));
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(gone);
});

afterAll(async () => {
  await redis.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

it("brings up a healthy shop, fulfils orders, drains at SIGTERM and loses nothing", async () => {
  const gateway = start("gateway");
  await healthy("gateway");
  const worker = start("worker");
  await healthy("worker");

  const client = start("client");
  await eventually(() => expect(bookings().length).toBeGreaterThan(5), { timeoutMs: 30_000 });
  worker.kill("SIGTERM");

  expect(await exitCode(worker)).toBe(0);
  expect(outcomes().length).toBeLessThan(ORDERS);

  const successor = start("worker");
  expect(await exitCode(client)).toBe(0);
  expect(outcomes().every(({ status }) => status === "SUCCEEDED")).toBe(true);
  expect(new Set(bookings().map(({ orderId }) => orderId)).size).toBe(ORDERS);
  expect(bookings()).toHaveLength(ORDERS);
  for (const child of [successor, gateway]) {
    child.kill("SIGTERM");
    expect(await exitCode(child)).toBe(0);
  }
}, 120_000);

it("brings up a board that is healthy, asks for its password and stops at SIGTERM", async () => {
  const board = start("board", { BOARD_PASSWORD: "sesame" });
  await healthy("board");
  const url = `http://127.0.0.1:${ports["board"]}/`;
  const authorization = `Basic ${Buffer.from("refrain:sesame").toString("base64")}`;

  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);

  board.kill("SIGTERM");
  expect(await exitCode(board)).toBe(0);
}, 60_000);

it("calls a worker unhealthy that is not there", async () => {
  const [kind, ...check] = serviceOf("worker").healthcheck?.test ?? [];

  expect(kind).toBe("CMD");
  expect(await exitCode(run(check.map(onThisMachine), {}))).toBe(1);
});

function line(_: unknown, index: number): string {
  const order = { id: `order-${index}`, customer: "Ada", email: "ada@example.com" };
  return `${JSON.stringify({ ...order, sku: "MUG-BLUE", cents: 1450 })}\n`;
}

function start(name: string, env: Record<string, string> = {}): ChildProcess {
  const { command, environment = {} } = serviceOf(name);
  const translated = Object.entries(environment).map(([key, value]) => [key, onThisMachine(value)]);
  return run(command, { ...Object.fromEntries(translated), ...env });
}

function run(
  [program = "", ...args]: readonly string[],
  env: Record<string, string>,
): ChildProcess {
  const stdio: ["ignore", "ignore", "inherit"] = ["ignore", "ignore", "inherit"];
  const child = spawn(program, args, {
    cwd: app,
    env: { PATH: process.env["PATH"], ...env },
    stdio,
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function healthy(name: string): Promise<void> {
  const [, ...check] = serviceOf(name).healthcheck?.test ?? [];
  const ask = () => exitCode(run(check.map(onThisMachine), {}));
  await eventually(async () => expect(await ask()).toBe(0), {
    intervalMs: 100,
    timeoutMs: 30_000,
  });
}

/** Names of containers, their ports and their mounts, as they are called here. */
function onThisMachine(text: string): string {
  const here: Record<string, string> = {
    "redis://redis:6379": redis.url,
    "http://gateway:8090": `http://127.0.0.1:${ports["gateway"]}`,
    "http://127.0.0.1:8090/health": `http://127.0.0.1:${ports["gateway"]}/health`,
    "http://127.0.0.1:8080/": `http://127.0.0.1:${ports["health"]}/`,
    "8090": String(ports["gateway"]),
    "8080": String(ports["health"]),
    "3000": String(ports["board"]),
    "0.0.0.0": "127.0.0.1",
    "/tmp": dir,
    "/data": dir,
  };
  return here[text] ?? text;
}

function serviceOf(name: string): Service {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

const bookings = () => readLog<Booking>(path.join(dir, "ledger.ndjson"));
const outcomes = () => readLog<Outcome>(path.join(dir, "outcomes.ndjson"));

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
