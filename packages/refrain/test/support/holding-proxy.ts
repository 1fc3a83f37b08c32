import { once } from "node:events";
import net from "node:net";

/** A loopback TCP proxy that passes on what is sent, and can hold back all replies. */
export class HoldingProxy {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #waiting = new Set<() => void>();
  #held: (() => void)[] | undefined;
  #sent = "";

  private constructor(server: net.Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (client) => this.#accept(client, target));
  }

  static async start(target: number): Promise<HoldingProxy> {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new HoldingProxy(server, (server.address() as net.AddressInfo).port, target);
  }

  /** From here on no reply gets through. */
  hold(): void {
    this.#sent = "";
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** Whether this text was sent since `hold`. */
  has(text: string): boolean {
    return this.#sent.includes(text);
  }

  /** Resolves when this text was sent since `hold`. */
  sent(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.has(text)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: net.Socket, target: number): void {
    const server = net.connect(target, "127.0.0.1");
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => peer.destroy());
    }
    client.on("data", (data) => {
      this.#sent += data.toString("latin1");
      server.write(data);
      for (const look of this.#waiting) look();
    });
    server.on("data", (data) => {
      if (this.#held === undefined) client.write(data);
      else this.#held.push(() => client.write(data));
    });
  }
}
