import { once } from "node:events";
import net from "node:net";

export interface FaultProxyOptions {
  /** The port of the server behind, on loopback. */
  readonly port: number;
}

/** What the proxy does with what passes. */
type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "black-hole" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "refuse" }
  | { readonly kind: "cut"; readonly when: "before" | "after" | "late"; readonly match: string };

/** What a cut connection had sent, and where it was on its way to. */
interface LateCommand {
  readonly server: net.Socket;
  readonly data: Buffer;
}

/** A loopback TCP proxy that misbehaves on demand. It speaks no protocol: a command is the bytes that arrive together. */
export class FaultProxy implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Connections cut so far at a command. A test whose fault never bit proves nothing. */
  cuts = 0;
  /** Connections accepted so far. */
  accepted = 0;
  /** Commands that arrived late so far. */
  late = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #dead = new WeakSet<net.Socket>();
  readonly #held: LateCommand[] = [];
  #target: number;
  #fault: Fault = { kind: "none" };
  #cutWaiters: (() => void)[] = [];

  private constructor(server: net.Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#target = target;
    server.on("connection", (client) => this.#accept(client));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the port is not known");
    return new FaultProxy(server, address.port, options.port);
  }

  /** Passes everything on again; connections that lost something stay as they are. */
  heal(): void {
    this.#fault = { kind: "none" };
  }

  /** Swallows what either side sends; connections stay open, and those that lost something are dead for ever. */
  blackHole(): void {
    this.#fault = { kind: "black-hole" };
  }

  /** Leaves the present connections open and dead, whatever is sent on them, as a router does that forgot them. */
  forget(): void {
    for (const socket of this.#sockets) this.#dead.add(socket);
  }

  /** Passes everything on after a while. */
  delay(ms: number): void {
    this.#fault = { kind: "delay", ms };
  }

  /** Cuts what is connected and closes new connections at once. */
  refuse(): void {
    this.#fault = { kind: "refuse" };
    this.cutAll();
  }

  /** Cuts the connection at the next command that contains `match`; the server never sees it. */
  cutBefore(match: string): void {
    this.#fault = { kind: "cut", when: "before", match };
  }

  /** Passes the next command that contains `match` on, swallows the reply and cuts the connection. */
  cutAfter(match: string): void {
    this.#fault = { kind: "cut", when: "after", match };
  }

  /** Cuts the connection at the next command that contains `match`; the server sees it when `arrive` is called. */
  cutLate(match: string): void {
    this.#fault = { kind: "cut", when: "late", match };
  }

  /** Resolves at the next cut at a command, before either side learns of it. */
  nextCut(): Promise<void> {
    return new Promise((resolve) => this.#cutWaiters.push(resolve));
  }

  /** Lets the commands arrive that were held back; resolves when the server has answered each of them. */
  async arrive(): Promise<void> {
    for (const { server, data } of this.#held.splice(0)) {
      server.write(data);
      await once(server, "data");
      server.destroy();
      this.late += 1;
    }
  }

  /** Sends new connections to another server, and cuts the old ones. */
  retarget(port: number): void {
    this.#target = port;
    this.cutAll();
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const { server } of this.#held.splice(0)) server.destroy();
    this.cutAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: net.Socket): void {
    this.accepted += 1;
    if (this.#fault.kind === "refuse") {
      client.destroy();
      return;
    }
    const server = net.connect(this.#target, "127.0.0.1");
    let isHeld = false;
    this.#track(client, () => isHeld || server.destroy());
    this.#track(server, () => client.destroy());
    let isReplyLost = false;
    client.on("data", (data) => {
      const cut = this.#cutAt(data);
      if (cut === "before" || cut === "late") {
        isHeld = cut === "late";
        if (isHeld) this.#hold(server, data);
        client.destroy();
        return;
      }
      isReplyLost ||= cut === "after";
      this.#pass(data, client, server);
    });
    server.on("data", (data) => {
      if (!isReplyLost) return this.#pass(data, server, client);
      client.destroy();
    });
  }

  /** Whether and how the connection is to be cut at this command. */
  #cutAt(data: Buffer): "before" | "after" | "late" | undefined {
    const fault = this.#fault;
    if (fault.kind !== "cut" || !data.includes(fault.match)) return undefined;
    this.cuts += 1;
    for (const resolve of this.#cutWaiters.splice(0)) resolve();
    // One cut per order: what reconnects finds the way open.
    this.heal();
    return fault.when;
  }

  #hold(server: net.Socket, data: Buffer): void {
    server.removeAllListeners("data").resume();
    this.#sockets.delete(server);
    this.#held.push({ server, data });
  }

  #track(socket: net.Socket, onClose: () => unknown): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      onClose();
    });
  }

  #pass(data: Buffer, from: net.Socket, to: net.Socket): void {
    const fault = this.#fault;
    if (fault.kind === "black-hole") for (const socket of [from, to]) this.#dead.add(socket);
    if (this.#dead.has(from)) return;
    if (fault.kind === "delay") setTimeout(() => to.write(data), fault.ms);
    else to.write(data);
  }
}
