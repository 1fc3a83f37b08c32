import { encodeCall } from "@refrain/core";
import { expect } from "vitest";
import { succeeded } from "./sample-calls.ts";
import type { StoreTest, StoreTests } from "./store-test.ts";

const sound = encodeCall(succeeded(0));

const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  "no bytes at all": new Uint8Array(0),
  "a cut header": sound.slice(0, 5),
  "a call cut inside its name": sound.slice(0, 35),
  "another format": changed(0, 255),
  "a status nobody knows": changed(1, 0),
  "flags nobody knows": changed(2, 255),
  "a length beyond the end": changed(30, 255),
  text: Buffer.from("not a call at all, but long enough to be one"),
  zeros: new Uint8Array(64),
};

/** Whoever can write to the server can write anything; what cannot be read must hurt its own run only. */
export const hostileTests: StoreTests = Object.fromEntries(
  Object.entries(HOSTILE).map(([what, bytes]) => [
    `a slot that holds ${what} is told with the claim, and hurts no other run`,
    (t: StoreTest) => hurtsOnlyItsRun(t, bytes),
  ]),
);

async function hurtsOnlyItsRun(t: StoreTest, bytes: Uint8Array): Promise<void> {
  const [bad, good] = [await t.created(), await t.created()];
  const { delivery } = await t.claimed(bad);
  const entries = [{ op: "record", slot: 0, bytes }] as const;
  const [reply] = await t.port.send([
    { kind: "write", runId: bad.runId, nonce: delivery.nonce, n: 1, entries },
  ]);
  expect(reply?.word).toMatch(/applied|same|refused/);
  if (reply?.word === "refused") return;

  const [spoilt, whole] = await Promise.all([
    t.store.claim(t.delivery(bad)),
    t.store.claim(t.delivery(good)),
  ]);

  const message = expect.stringContaining("slot 0");
  expect(spoilt).toMatchObject({ kind: "claimed", run: { calls: [], unreadable: { message } } });
  expect(whole.kind === "claimed" && whole.run.unreadable).toBeUndefined();
  await expect(t.store.read(bad.runId)).rejects.toThrow(/slot 0/);
  expect((await t.store.read(bad.runId, { calls: false }))?.status).toBe("RUNNING");
}

function changed(offset: number, value: number): Uint8Array {
  return Uint8Array.from(sound, (byte, index) => (index === offset ? value : byte));
}
