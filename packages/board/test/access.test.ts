import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { type BoardAuth, guard, isLoopbackHost } from "../src/access.ts";

interface Arrival {
  readonly headers?: Record<string, string>;
  readonly peer?: string;
}

async function statusOf(auth: BoardAuth | undefined, url: string, arrival: Arrival = {}) {
  const { headers = {}, peer } = arrival;
  const app = new Hono().use(guard(auth)).get("/", (c) => c.text("the board"));
  const bindings =
    peer === undefined ? undefined : { incoming: { socket: { remoteAddress: peer } } };
  const response = await app.request(url, { headers }, bindings);
  return response.status;
}

const basic = (user: string) => ({ headers: { Authorization: `Basic ${btoa(user)}` } });

describe("guard without auth", () => {
  it.each([
    "http://localhost:3000/",
    "http://127.0.0.1/",
    "http://[::1]:3000/",
    "http://127.1.2.3/",
  ])("answers a request made on this machine to %s", async (url) => {
    expect(await statusOf(undefined, url, { peer: "127.0.0.1" })).toBe(200);
    expect(await statusOf(undefined, url, { peer: "::ffff:127.0.0.1" })).toBe(200);
  });

  it("refuses a name that some page had resolve to this machine", async () => {
    expect(await statusOf(undefined, "http://evil.example/", { peer: "127.0.0.1" })).toBe(403);
    expect(await statusOf(undefined, "http://127.0.0.1.evil.example/", { peer: "::1" })).toBe(403);
  });

  it("refuses a peer on another machine, whatever Host it claims", async () => {
    expect(await statusOf(undefined, "http://localhost/", { peer: "192.0.2.7" })).toBe(403);
  });

  it("refuses when the server does not tell who the peer is", async () => {
    expect(await statusOf(undefined, "http://localhost/")).toBe(403);
  });

  it("refuses what a proxy on this machine passes on", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.7" };

    expect(await statusOf(undefined, "http://localhost/", { peer: "127.0.0.1", headers })).toBe(
      403,
    );
  });
});

describe("guard with a user and a password", () => {
  const auth = { username: "ops", password: "correct horse" };

  it("lets only that pair in, from anywhere", async () => {
    const url = "http://board.example/";

    expect(await statusOf(auth, url, { peer: "192.0.2.7" })).toBe(401);
    expect(await statusOf(auth, url, basic("ops:wrong"))).toBe(401);
    expect(await statusOf(auth, url, basic("admin:correct horse"))).toBe(401);
    expect(await statusOf(auth, url, basic("ops:correct horse"))).toBe(200);
  });

  it("asks on the loopback interface as well", async () => {
    expect(await statusOf(auth, "http://localhost/", { peer: "127.0.0.1" })).toBe(401);
  });

  it("refuses empty credentials when it is made", () => {
    expect(() => guard({ username: "ops", password: "" })).toThrow(TypeError);
    expect(() => guard({ username: "", password: "secret" })).toThrow(/neither of them empty/);
  });
});

describe("guard with a middleware", () => {
  it("leaves the decision to it", async () => {
    const auth: BoardAuth = async (c, next) =>
      c.req.header("X-User") === "ada" ? next() : c.text("who?", 401);

    expect(await statusOf(auth, "http://board.example/")).toBe(401);
    expect(await statusOf(auth, "http://board.example/", { headers: { "X-User": "ada" } })).toBe(
      200,
    );
  });
});

describe("isLoopbackHost", () => {
  it.each([
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
  ])("knows %s as this machine", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "board.example",
    "127.0.0.1.evil.example",
    "",
    "1270.0.0.1",
  ])("does not take %j for this machine", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
