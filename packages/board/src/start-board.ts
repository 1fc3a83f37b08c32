import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { isLoopbackHost } from "./access.ts";
import type { BoardOptions } from "./board-options.ts";
import { type Board, createBoard } from "./create-board.ts";

export type StartBoardOptions = BoardOptions & {
  /** Default "127.0.0.1". Any host that other machines can reach needs `auth`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
};

export interface StartedBoard {
  /** Where to point a browser. */
  readonly url: string;
  /** Ends the server, open pages included, and closes what the board opened. */
  close(): Promise<void>;
}

/**
 * Serves a board on a port of its own; resolves when it accepts connections.
 *
 * @throws TypeError when other machines can reach `host` and there is no `auth`.
 */
export async function startBoard(options: StartBoardOptions): Promise<StartedBoard> {
  const { host = "127.0.0.1", port = 0, ...boardOptions } = options;
  if (boardOptions.auth === undefined && !isLoopbackHost(host)) {
    throw new TypeError(
      `startBoard: other machines can reach host ${JSON.stringify(host)}, so the board needs auth: ` +
        `pass auth: { username, password } or a Hono middleware, or keep host "127.0.0.1"`,
    );
  }
  const board = createBoard(boardOptions);
  try {
    await board.ready();
    const server = await listen(board, host, port);
    const close = async () => {
      await stop(server);
      await board.close();
    };
    return { url: urlOf(server, host, boardOptions.basePath ?? "/"), close };
  } catch (error) {
    await board.close();
    throw error;
  }
}

function listen({ app }: Board, hostname: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server;
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // A browser keeps its connections open between two polls.
    server.closeAllConnections();
  });
}

function urlOf(server: Server, host: string, basePath: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}${basePath}`;
}
