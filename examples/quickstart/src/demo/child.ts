import { fork } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of ours. All are forked, so that each ends with us however we end: see tether.ts. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** The first thing it tells its parent. Rejects, with what it had printed, when it ends without a word. */
  readonly started: Promise<unknown>;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly name: string;
  /** The module to run, relative to the root of the sources, without its extension. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logFile: string;
}

export function startChild({ name, module, args = [], env, logFile }: ChildOptions): Child {
  const output = fs.openSync(logFile, "a");
  const child = fork(modulePath(module), [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output, "ipc"],
  });
  fs.closeSync(output);
  const ended = new Promise<Ended>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
  const started = new Promise<unknown>((resolve, reject) => {
    child.once("message", resolve);
    void ended.then((end) => reject(new Error(describeEnd({ name, logFile }, end))));
  });
  // Whoever waits for it gets the rejection; whoever does not must not bring the process down.
  started.catch(() => {});
  const signal = (which: NodeJS.Signals) => void child.kill(which);
  return { name, pid: child.pid ?? 0, logFile, started, ended, signal };
}

/** Asks a child to leave, and makes it once its time is up. */
export async function stopChild(child: Child, patienceMs: number): Promise<Ended> {
  child.signal("SIGTERM");
  const impatience = setTimeout(() => child.signal("SIGKILL"), patienceMs);
  const end = await child.ended;
  clearTimeout(impatience);
  return end;
}

/** For an end that nobody had asked for: how, and the last that the process had to say. */
export function describeEnd(
  child: Pick<Child, "name" | "logFile">,
  { code, signal }: Ended,
): string {
  return `${child.name} ended by itself (${signal ?? `exit ${code}`})\n${tail(child.logFile)}`;
}

/** Siblings run as this module does: compiled, or from sources under a loader. */
function modulePath(module: string): string {
  return path.join(import.meta.dirname, "..", module + path.extname(import.meta.filename));
}

function tail(file: string): string {
  return fs.readFileSync(file, "utf8").split("\n").slice(-12).join("\n");
}
