import { expect, it } from "vitest";
import { type LoggedEvent, runsInHand } from "../src/worker-events.ts";

const event = (name: LoggedEvent["event"], runId: string): LoggedEvent => ({ event: name, runId });

it("counts a run as in hand from the start of its attempt until it is let go of", () => {
  const events = [
    event("attempt-started", "a"),
    event("attempt-started", "b"),
    event("call-replayed", "b"),
    event("attempt-started", "c"),
    event("attempt-started", "d"),
    event("settled", "a"),
    event("released", "c"),
    event("fenced", "d"),
  ];

  expect([...runsInHand(events)]).toEqual(["b"]);
});

it("counts a run again that comes back", () => {
  const events = [
    event("attempt-started", "a"),
    event("released", "a"),
    event("attempt-started", "a"),
  ];

  expect(runsInHand(events).size).toBe(1);
});
