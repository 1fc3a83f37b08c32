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
  | { readonly kind: "cut"; readonly when: "before" | "after"; readonly match: string };

/** A loopback TCP proxy that misbehaves on demand. It speaks no protocol: a command is the bytes that arrive together. */
export class FaultProxy implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Connections cut so far. A test whose fault never bit proves nothing. */
  cuts = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #target: number;
  #fault: Fault = { kind: "none" };

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

  /** Passes everything on again. */
  heal(): void {
    this.#fault = { kind: "none" };
  }

  /** Swallows what either side sends; connections stay open. */
  blackHole(): void {
    this.#fault = { kind: "black-hole" };
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

  /** Sends new connections to another server, and cuts the old ones. */
  retarget(port: number): void {
    this.#target = port;
    this.cutAll();
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: net.Socket): void {
    if (this.#fault.kind === "refuse") {
      client.destroy();
      return;
    }
    const server = net.connect(this.#target, "127.0.0.1");
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    let isReplyLost = false;
    client.on("data", (data) => {
      const fault = this.#fault;
      if (fault.kind === "cut" && data.includes(fault.match)) {
        this.cuts += 1;
        // One cut per order: what reconnects finds the way open.
        this.heal();
        if (fault.when === "before") return cut();
        isReplyLost = true;
      }
      this.#pass(data, server);
    });
    server.on("data", (data) => (isReplyLost ? cut() : this.#pass(data, client)));
  }

  #pass(data: Buffer, to: net.Socket): void {
    const fault = this.#fault;
    if (fault.kind === "black-hole") return;
    if (fault.kind === "delay") setTimeout(() => to.write(data), fault.ms);
    else to.write(data);
  }
}
