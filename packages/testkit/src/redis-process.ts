import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// Waits for the end of its input, which the kernel closes however this process ends, and then takes the server and its
// directory along. Asked to, it leaves both alone.
const WATCHDOG = 'read -r word; [ "$word" = keep ] && exit; kill -9 "$1"; rm -rf "$2"';

/** One server process: from its start to its end. A restarted server is another one. */
export interface RedisProcess {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
}

/**
 * Starts a server and resolves when it accepts connections, its files loaded.
 *
 * @param ownDirectory removed when this process dies without stopping the server; "" for none
 */
export async function startRedisProcess(
  args: readonly string[],
  ownDirectory: string,
): Promise<RedisProcess> {
  const binary = process.env["REDIS_SERVER_BIN"] ?? "redis-server";
  // In a session of its own, or a Ctrl-C would stop the server before those who still use it.
  const child = spawn(binary, args, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const failure = once(child, "error").then(([cause]) => {
    throw new Error(
      `${binary} did not start: put redis-server on PATH, or name one in REDIS_SERVER_BIN`,
      { cause },
    );
  });
  if (child.pid === undefined) return failure;
  failure.catch(() => {});
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const dismiss = watch(child.pid, ownDirectory);
  void ended.then(dismiss);
  await untilReady(child, ended);
  child.unref();
  return { pid: child.pid, ended, signal: (name) => child.kill(name) };
}

/** Ties a server's life to this process's; returns how to end the tie. */
function watch(pid: number, ownDirectory: string): () => void {
  const watchdog = spawn("sh", ["-c", WATCHDOG, "sh", String(pid), ownDirectory], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  watchdog.stdin.on("error", () => {});
  return () => watchdog.stdin.end("keep\n");
}

async function untilReady(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.stdout === null) throw new Error("the server's log is not piped");
  const log: string[] = [];
  const lines = createInterface(child.stdout);
  const closed = once(lines, "close");
  const ready = new Promise<boolean>((resolve) => {
    lines.on("line", (line) => {
      // A server that runs for long must not fill this process's memory with its log.
      if (log.length < 100) log.push(line);
      if (line.includes("Ready to accept connections")) resolve(true);
    });
  });
  const isReady = await Promise.race([ready, ended.then(() => false)]);
  if (isReady) return;
  // Its last words, which say why, may be read after its end.
  await closed;
  throw new Error(`the server ended at its start:\n${log.join("\n")}`);
}
