// One process per product: it measures what it is asked to, one thing after the other, and keeps its compiled code.
import { measureCore } from "./core-only.ts";
import { measureEnqueueing } from "./enqueueing.ts";
import { measureLatencies } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { measureReplay } from "./replay.ts";
import type { Answers, Request } from "./requests.ts";
import { Member, type Tally } from "./scale/member.ts";
import type { Place } from "./system.ts";
import { workOff } from "./work-off.ts";

/** Of the pool this process has joined, if any. */
let member: Member | undefined;

async function join(place: Place): Promise<true> {
  member = await Member.join(place);
  return true;
}

async function tally(): Promise<Tally> {
  if (member === undefined) throw new Error("this process has joined no pool");
  return member.tally();
}

async function leave(): Promise<true> {
  await member?.leave();
  return true;
}

function answer(request: Request): Promise<Answers[keyof Answers]> {
  switch (request.task) {
    case "sample":
      return workOff(request.system, request.place, request);
    case "latency":
      return measureLatencies(request.redisUrl);
    case "replay":
      return measureReplay(request.redisUrl, request.calls, request.times);
    case "enqueue":
      return measureEnqueueing(request.redisUrl);
    case "memory":
      return measureMemory({ redisUrl: request.redisUrl });
    case "join":
      return join(request.place);
    case "tally":
      return tally();
    case "leave":
      return leave();
    case "core":
      return measureCore(request.isReconcilable, request.runs);
  }
}

process.on("message", (request: Request) => {
  void answer(request).then((figures) => process.send?.(figures));
});
// A clean exit: what a profiler gathered is written then.
process.on("disconnect", () => process.exit());
