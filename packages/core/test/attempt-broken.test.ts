import { type Codec, defineAction, durable, msgpackCodec } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";

const action = defineAction<null, unknown>({ name: "act" });
const charge = durable("charge", async () => "booked");

/** A codec whose keys are out of reach when it has to write. */
const readsOnly: Codec = {
  decode: (bytes) => msgpackCodec.decode(bytes),
  encode: () => {
    throw new Error("the key server is away");
  },
};

test("an attempt ends, and records nothing, when the codec cannot write a call's outcome", async () => {
  const drive = new Drive();
  const implementation = action.implement((ctx) =>
    ctx.durableExecute(charge, [], { reconciler: () => "booked" }),
  );
  await drive.create(action);

  const attempt = await drive.attempt(implementation, { codec: readsOnly });
  const end = await attempt.done;
  const pending = (await drive.store.read("run-1"))?.calls[0]?.status;
  const next = await drive.attempt(implementation);
  await next.done;

  expect(end).toEqual({ kind: "broken", error: new Error("the key server is away") });
  expect(pending).toBe("PENDING");
  expect(await drive.outcome()).toBe("booked");
});

test("an attempt ends, and settles nothing, when the codec cannot write the run's outcome", async () => {
  const drive = new Drive();
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(() => "output"),
    { codec: readsOnly },
  );

  expect(await attempt.done).toMatchObject({ kind: "broken" });
  expect((await drive.store.read("run-1"))?.status).toBe("RUNNING");
});
