import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type * as Child from "../src/demo/child.ts";
import { compile } from "./compiled.ts";

let childModule: string;
let startChild: typeof Child.startChild;
let stopChild: typeof Child.stopChild;
let dir: string;

beforeAll(async () => {
  childModule = path.join(compile(), "demo/child.js");
  ({ startChild, stopChild } = (await import(childModule)) as typeof Child);
});

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-child-"));
});

afterEach(() => fs.rmSync(dir, { recursive: true }));

it.each(["SIGKILL", "SIGTERM"] as const)("ends when its parent is ended by %s", async (signal) => {
  const parentModule = path.join(import.meta.dirname, "fixtures/gateway-parent.mjs");
  const parent = spawn(process.execPath, [parentModule, childModule, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(parent.stdout, "data");
  const pid = Number(said);
  expect(isAlive(pid)).toBe(true);

  parent.kill(signal);

  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

it("that cannot start says why", async () => {
  const child = startGateway("not a port");

  await expect(child.started).rejects.toThrow(/gateway ended by itself \(exit 1\)[^]*GATEWAY_PORT/);
});

it("leaves when it is asked to", async () => {
  const child = startGateway("0");
  await child.started;

  expect(await stopChild(child, 10_000)).toEqual({ code: 0, signal: null });
});

function startGateway(port: string): Child.Child {
  return startChild({
    name: "gateway",
    module: "gateway/serve",
    env: { GATEWAY_PORT: port, EVIDENCE_DIR: dir },
    logFile: path.join(dir, "gateway.log"),
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
