import { eventually } from "@refrain/testkit";
import { Redis } from "ioredis";
import type { Place } from "./system.ts";

/** What clients sent to a server, scripts counted once and not what they do in there. */
export interface Traffic {
  readonly commands: number;
  /** Scripts that are not BullMQ's. */
  readonly journalScripts: number;
}

/** Watches the server while something is done. */
export async function trafficOf(place: Place, act: () => Promise<unknown>): Promise<Traffic> {
  const redis = new Redis(place.redisUrl);
  const monitor = await redis.monitor();
  const queue = `{${place.namespace}:0}:default:`;
  const counts = { commands: 0, journalScripts: 0 };
  let isOver = false;
  monitor.on("monitor", (_time: string, args: readonly string[], source: string) => {
    if (source === "lua") return;
    const [command = "", argument = "", , firstKey = ""] = args;
    if (argument === END) {
      isOver = true;
      return;
    }
    counts.commands += 1;
    const isScript = /^eval(?:sha)?$/i.test(command);
    if (isScript && !firstKey.startsWith(queue)) counts.journalScripts += 1;
  });
  await act();
  // What the server did before this is told before this.
  await redis.echo(END);
  await eventually(() => {
    if (!isOver) throw new Error("the monitor is behind");
  });
  monitor.disconnect();
  redis.disconnect();
  return counts;
}

const END = "the end of what is counted";
