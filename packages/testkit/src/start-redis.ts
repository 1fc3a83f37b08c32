import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { eventually } from "./eventually.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

export interface RedisServerOptions {
  /** When the append-only file is flushed to disk. Default "everysec". */
  readonly appendfsync?: "everysec" | "always" | "no";
  /** A node of a cluster: one that owns every hash slot, or one that is about to join others and owns none. */
  readonly cluster?: boolean | "joining";
  /** Further arguments of the server's command line, after ours. */
  readonly args?: readonly string[];
  /** Where the server keeps its files; yours to remove. Default: a temporary directory, removed by `stop`. */
  readonly dir?: string;
}

/** A real server on a loopback port of its own. It ends with the process that started it, however that ends. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Ends the server as a crash would (SIGKILL); resolves when it is gone. Its files stay. */
  kill(): Promise<void>;
  /** Kills the server if it runs, and starts it again over its files; resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Stops the process without ending it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Ends a pause (SIGCONT). */
  resume(): void;
  /** Ends the server and removes its temporary directory. */
  stop(): Promise<void>;
}

/**
 * Starts the `redis-server` that REDIS_SERVER_BIN names, else the one on PATH. The append-only file is on.
 *
 * @example
 * await using redis = await startRedis();
 * const client = new Redis(redis.url);
 */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const ownDirectory =
    options.dir === undefined ? await mkdtemp(path.join(os.tmpdir(), "refrain-redis-")) : "";
  const dir = options.dir ?? ownDirectory;
  // Another process may take a free port before the server does.
  for (let tries = 1; ; tries++) {
    const ports = await freePorts();
    const args = serverArguments(options, ports, dir);
    try {
      const started = await startRedisProcess(args, ownDirectory);
      if (options.cluster === true) await ownAllSlots(ports.client);
      return new LocalRedis(
        started,
        ports.client,
        dir,
        args,
        ownDirectory,
        options.cluster !== undefined && options.cluster !== false,
      );
    } catch (error) {
      if (tries < 3) continue;
      if (ownDirectory !== "") await rm(ownDirectory, { recursive: true, force: true });
      throw error;
    }
  }
}

class LocalRedis implements RedisServer {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  readonly #args: readonly string[];
  readonly #ownDirectory: string;
  readonly #isCluster: boolean;
  #process: RedisProcess | undefined;

  constructor(
    started: RedisProcess,
    port: number,
    dir: string,
    args: readonly string[],
    ownDirectory: string,
    isCluster: boolean,
  ) {
    this.#process = started;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.dir = dir;
    this.#args = args;
    this.#ownDirectory = ownDirectory;
    this.#isCluster = isCluster;
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    running?.signal("SIGKILL");
    await running?.ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await startRedisProcess(this.#args, this.#ownDirectory);
    if (this.#isCluster) await untilClusterIsUp(this.port);
  }

  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#ownDirectory !== "") await rm(this.#ownDirectory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface Ports {
  readonly client: number;
  readonly bus: number;
}

function serverArguments(options: RedisServerOptions, ports: Ports, dir: string): string[] {
  const settings: Record<string, string> = {
    port: String(ports.client),
    bind: "127.0.0.1",
    dir,
    save: "",
    appendonly: "yes",
    appendfsync: options.appendfsync ?? "everysec",
    "maxmemory-policy": "noeviction",
  };
  if (options.cluster) {
    settings["cluster-enabled"] = "yes";
    settings["cluster-port"] = String(ports.bus);
    // A node that nobody has met yet does not know its address, and clients would be told none.
    settings["cluster-announce-ip"] = "127.0.0.1";
  }
  const ours = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return [...ours, ...(options.args ?? [])];
}

async function ownAllSlots(port: number): Promise<void> {
  await ask(port, "CLUSTER ADDSLOTSRANGE 0 16383");
  await untilClusterIsUp(port);
}

async function untilClusterIsUp(port: number): Promise<void> {
  await eventually(async () => {
    const info = await ask(port, "CLUSTER INFO");
    if (!info.includes("cluster_state:ok")) throw new Error(`the cluster is not up:\n${info}`);
  });
}

/** What a server replies to one inline command. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(`${command}\r\n`));
    socket.once("data", (reply) => {
      resolve(String(reply));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

async function freePorts(): Promise<Ports> {
  const [client, bus] = await Promise.all([listenAnywhere(), listenAnywhere()]);
  const ports = { client: portOf(client), bus: portOf(bus) };
  await Promise.all([client, bus].map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function listenAnywhere(): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the port is not known");
  return address.port;
}
