import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startChild, stopChild } from "../src/demo/child.ts";

let dir: string;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-child-"));
});

afterEach(() => fs.rmSync(dir, { recursive: true }));

it.each(["SIGKILL", "SIGTERM"] as const)("ends when its parent is ended by %s", async (signal) => {
  const parent = spawn(
    process.execPath,
    ["--import", "tsx", path.join(import.meta.dirname, "fixtures/gateway-parent.ts"), dir],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [said] = await once(parent.stdout, "data");
  const pid = Number(said);
  expect(isAlive(pid)).toBe(true);

  parent.kill(signal);

  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

it("that cannot start says why", async () => {
  const child = startUnderTsx({ GATEWAY_PORT: "not a port", EVIDENCE_DIR: dir });

  await expect(child.started).rejects.toThrow(/gateway ended by itself \(exit 1\)[^]*GATEWAY_PORT/);
});

it("leaves when it is asked to", async () => {
  const child = startUnderTsx({ GATEWAY_PORT: "0", EVIDENCE_DIR: dir });
  await child.started;

  expect(await stopChild(child, 5000)).toEqual({ code: 0, signal: null });
});

function startUnderTsx(env: Record<string, string>) {
  return startChild({
    name: "gateway",
    module: "gateway/serve",
    env: { ...env, NODE_OPTIONS: "--import tsx" },
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
