import { CommitQueue } from "@refrain/core";
import { expect, test } from "vitest";

test("a port that throws at once refuses its batch, and the queue goes on", async () => {
  const failing = new CommitQueue({
    send: () => {
      throw new Error("no connection was made");
    },
  });
  const delivery = { runId: "run-1", action: "act", queue: "default", jobTimestamp: 1 };
  const claim = () =>
    failing.claim({ ...delivery, nonce: "n", attemptsStarted: 1, incarnation: 0 });

  await expect(claim()).rejects.toThrow("no connection was made");
  await expect(claim()).rejects.toThrow("no connection was made");
  await expect(failing.close()).resolves.toBeUndefined();
});
