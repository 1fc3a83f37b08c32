import type { Hono } from "hono";

const HERE = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };

/** Sends a request as it arrives from this very machine. */
export async function ask(app: Hono, url: string, init?: RequestInit): Promise<Response> {
  return app.request(url, init, HERE);
}
