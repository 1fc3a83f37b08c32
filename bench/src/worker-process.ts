// One process per product: it measures what it is asked to, one thing after the other, and keeps its compiled code.
import { measureCore } from "./core-only.ts";
import { measureEnqueueing } from "./enqueueing.ts";
import { measureLatencies } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { measureReplay } from "./replay.ts";
import type { Answers, Request } from "./requests.ts";
import { workOff } from "./work-off.ts";

function answer(request: Request): Promise<Answers[keyof Answers]> {
  switch (request.task) {
    case "sample":
      return workOff(request.system, request.place, request.runs);
    case "latency":
      return measureLatencies(request.redisUrl);
    case "replay":
      return measureReplay(request.redisUrl, request.calls, request.times);
    case "enqueue":
      return measureEnqueueing(request.redisUrl);
    case "memory":
      return measureMemory({ redisUrl: request.redisUrl });
    case "core":
      return measureCore(request.isReconcilable, request.runs);
  }
}

process.on("message", (request: Request) => {
  void answer(request).then((figures) => process.send?.(figures));
});
// A clean exit: what a profiler gathered is written then.
process.on("disconnect", () => process.exit());
