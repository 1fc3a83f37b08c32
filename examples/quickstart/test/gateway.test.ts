import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { OutcomeUnknownError } from "refrain";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLog } from "../src/append-log.ts";
import { planCharge } from "../src/gateway/faults.ts";
import { createGateway } from "../src/gateway/gateway.ts";
import { type Booking, Ledger } from "../src/gateway/ledger.ts";
import { gatewayClient, type PaymentGateway } from "../src/gateway-client.ts";
import { CardDeclined } from "../src/place-order.ts";

const SEED = 3;

let dir: string;
let server: http.Server;
let url: string;
let gateway: PaymentGateway;

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-gateway-"));
  await open(SEED);
});

afterEach(async () => {
  await close();
  fs.rmSync(dir, { recursive: true });
});

async function open(seed: number | undefined): Promise<void> {
  server = createGateway({ ledger: new Ledger(path.join(dir, "ledger.ndjson")), seed });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway = gatewayClient(url);
}

async function close(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

const ledger = () => readLog<Booking>(path.join(dir, "ledger.ndjson"));
const charge = (orderId: string, signal = new AbortController().signal) =>
  gateway.charge({ orderId, cents: 1450, idempotencyKey: "key", signal });

/** An order whose first request meets this fate. */
function orderThatMeets(fate: string): string {
  const ids = Array.from({ length: 500 }, (_, index) => `order ${index}`);
  const found = ids.find((id) => {
    const plan = planCharge(SEED, id, 1);
    return (plan.kind === "book" ? plan.reply : plan.kind) === fate;
  });
  if (found === undefined) throw new Error(`no order meets ${fate}`);
  return found;
}

describe("a charge", () => {
  it("is booked and answered", async () => {
    const orderId = orderThatMeets("answer");

    const booked = await charge(orderId);

    expect(ledger()).toEqual([{ id: booked.id, orderId, cents: 1450, idempotencyKey: "key" }]);
  });

  it("is booked again when it is sent again: this gateway heeds no key", async () => {
    await close();
    await open(undefined);

    await Promise.all([charge("A-1"), charge("A-1")]);

    expect(ledger().map(({ id }) => id)).toEqual(["ch_000001", "ch_000002"]);
  });

  it("that is declined comes back as CardDeclined and is not booked", async () => {
    await expect(charge(orderThatMeets("decline"))).rejects.toThrow(CardDeclined);
    expect(ledger()).toEqual([]);
  });

  it("that is refused at the door leaves the outcome unknown and is not booked", async () => {
    await expect(charge(orderThatMeets("refuse"))).rejects.toThrow(OutcomeUnknownError);
    expect(ledger()).toEqual([]);
  });

  it.each(["error", "cut"])(
    "that ends in %s leaves the outcome unknown and is booked",
    async (fate) => {
      await expect(charge(orderThatMeets(fate))).rejects.toThrow(OutcomeUnknownError);
      expect(ledger()).toHaveLength(1);
    },
  );

  it("that hangs leaves the outcome unknown once the caller gives up, and is booked", async () => {
    const patience = AbortSignal.timeout(300);

    await expect(charge(orderThatMeets("hang"), patience)).rejects.toThrow(OutcomeUnknownError);
    expect(ledger()).toHaveLength(1);
  });

  it("is booked although its sender dies right after sending it", async () => {
    const orderId = orderThatMeets("answer");
    const body = JSON.stringify({ orderId, cents: 1450 });
    const { port } = server.address() as AddressInfo;

    const socket = net.connect(port, "127.0.0.1", () => {
      socket.write(
        `POST /charges HTTP/1.1\r\nhost: gateway\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      socket.write(body, () => socket.resetAndDestroy());
    });

    await expect.poll(async () => await askUntilKnown(orderId)).toMatchObject({ orderId });
  });

  it("whose sender dies in the middle of it is not booked", async () => {
    const { port } = server.address() as AddressInfo;

    const socket = net.connect(port, "127.0.0.1", () => {
      socket.write(
        'POST /charges HTTP/1.1\r\nhost: gateway\r\ncontent-length: 500\r\n\r\n{"orderId":"A-1"',
        () => socket.destroy(),
      );
    });
    await new Promise((resolve) => socket.once("close", resolve));

    expect(await askUntilKnown("A-1")).toBeNull();
  });
});

describe("a lookup", () => {
  it("finds the charge of an order with any id", async () => {
    await close();
    await open(undefined);
    const ids = ["..", "a/b", "1?order=2&x#y", "注文-0042", "caf\u00E9", "cafe\u0301", "__proto__"];

    for (const id of ids) await charge(id);

    for (const id of ids) expect(await gateway.findCharge(id)).toMatchObject({ orderId: id });
    expect(await gateway.findCharge("nobody's")).toBeNull();
  });

  it("says that the outcome is unknown, not that there is no charge, while the gateway is down", async () => {
    await close();

    await expect(gateway.findCharge("A-1")).rejects.toThrow(OutcomeUnknownError);
    await open(SEED);
  });

  it("sees a charge that was on its way before the question was asked", async () => {
    await close();
    await open(undefined);
    const agent = new http.Agent({ keepAlive: true });
    await lookUpThrough(agent, "warm up");

    // The charge opens a new connection while the question goes over one that is open.
    const charging = await chargeOnItsWay("A-1");
    const answer = await lookUpThrough(agent, "A-1");

    expect(answer).toMatchObject({ charge: { orderId: "A-1" } });
    charging.destroy();
    agent.destroy();
  });
});

it("remembers what it has booked when it starts again", async () => {
  await close();
  await open(undefined);
  const first = await charge("A-1");
  await close();
  await open(undefined);

  expect(await gateway.findCharge("A-1")).toMatchObject({ id: first.id });
  expect((await charge("A-2")).id).toBe("ch_000002");
});

async function askUntilKnown(orderId: string): Promise<unknown> {
  for (;;) {
    try {
      return await gateway.findCharge(orderId);
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error;
    }
  }
}

/** Resolves when the whole request has left this process, whether or not the gateway has begun to read it. */
function chargeOnItsWay(orderId: string): Promise<net.Socket> {
  const body = JSON.stringify({ orderId, cents: 1450 });
  const head = `POST /charges HTTP/1.1\r\nhost: gateway\r\ncontent-length: ${body.length}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", reject);
    socket.write(`${head}\r\n\r\n${body}`, () => resolve(socket));
  });
}

function lookUpThrough(agent: http.Agent, orderId: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      `${url}/charges?order=${orderId.replace(" ", "+")}`,
      { agent },
      (reply) => {
        let body = "";
        reply.on("data", (chunk) => (body += String(chunk)));
        reply.on("end", () => resolve(JSON.parse(body)));
      },
    );
    request.on("error", reject);
  });
}
