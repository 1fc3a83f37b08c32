import { BlockList, isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";

/** Who may see the board: one user with a password (HTTP Basic), or a Hono middleware that lets a request through. */
export type BoardAuth =
  | { readonly username: string; readonly password: string }
  | MiddlewareHandler;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host name or address names this very machine and nothing else. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === "localhost") return true;
  const family = isIP(name);
  return family !== 0 && loopback.check(name, family === 4 ? "ipv4" : "ipv6");
}

/** Lets pass whom `auth` accepts; without it, only requests made on this machine. */
export function guard(auth: BoardAuth | undefined): MiddlewareHandler {
  if (auth === undefined) return loopbackOnly;
  if (typeof auth === "function") return auth;
  const { username, password } = auth;
  if (!isFilled(username) || !isFilled(password)) {
    throw new TypeError(
      "board: auth needs a username and a password, neither of them empty, or a Hono middleware",
    );
  }
  return basicAuth({ username, password, realm: "Refrain board" });
}

function isFilled(text: unknown): boolean {
  return typeof text === "string" && text !== "";
}

const REFUSAL = `Without "auth" this board answers only requests made on its own machine, to "localhost" or a loopback address.
Give it auth: { username, password }, or a Hono middleware.
`;

// The Host is checked too: a foreign page can have its own name resolve to 127.0.0.1 and would then share our origin. A
// proxy's headers tell that a request only seems to come from here.
const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const isProxied = ["forwarded", "x-forwarded-for", "x-real-ip"].some((name) =>
    c.req.header(name),
  );
  const { hostname } = new URL(c.req.url);
  const peer = remoteAddress(c);
  if (isProxied || !isLoopbackHost(hostname) || !isLoopbackHost(peer)) {
    return c.text(REFUSAL, 403);
  }
  return next();
};

/** Known on Node's own HTTP server. Elsewhere it is empty, which is no loopback address: there the board needs auth. */
function remoteAddress(c: Context): string {
  const env: { incoming?: { socket?: { remoteAddress?: string } } } | undefined = c.env;
  return env?.incoming?.socket?.remoteAddress ?? "";
}
