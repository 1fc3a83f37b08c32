import { isCluster, optionsOf, type RedisClient } from "@refrain/redis-store";
import { Rights } from "../rights/ask-rights.ts";
import { CLUSTER_COMMANDS, VIEWER_COMMANDS, WORKER_COMMANDS } from "../rights/commands.ts";
import type { AccessFacts, Problem } from "./diagnosis.ts";

export interface Access {
  readonly facts: AccessFacts;
  /** Whether the doctor itself may look at the namespace. */
  readonly mayLook: boolean;
  readonly mayAskSettings: boolean;
}

/** What the doctor itself asks of a namespace. */
const LOOKS = ["time", "hmget", "hexists", "exists", "llen", "zcard", "zrange", "zscore"];

/** Finds out what the connection's user may do in a namespace, without doing any of it. */
export async function lookAtAccess(redis: RedisClient, namespace: string): Promise<Access> {
  const settings = "config get appendfsync";
  const isAsked = (command: string): boolean =>
    isCluster(redis) || !CLUSTER_COMMANDS.includes(command);
  const [worker, viewer] = [WORKER_COMMANDS.filter(isAsked), VIEWER_COMMANDS.filter(isAsked)];
  const rights = await Rights.ask(redis, namespace, [...worker, ...viewer], [settings]);
  return {
    facts: {
      user: optionsOf(redis).username ?? "default",
      lacksForWorker: rights.lackedOf(worker),
      lacksForViewer: rights.lackedOf(viewer),
    },
    mayLook: !LOOKS.some((command) => rights.isDenied(command)),
    mayAskSettings: !rights.isDenied(settings),
  };
}

/** Who may only read is fit for the board; who may write, but not all of it, would get stuck half-way. */
export function judgeAccess({ user, lacksForWorker, lacksForViewer }: AccessFacts): Problem[] {
  const mayOnlyRead = isViewer(lacksForWorker);
  const lacks = mayOnlyRead ? lacksForViewer : lacksForWorker;
  if (lacks.length === 0) return [];
  const problem = mayOnlyRead
    ? `user ${user} may not write, and lacks rights that the board needs to read`
    : `user ${user} may write, but lacks rights that workers and clients need`;
  return [{ severity: "error", problem, fix: `ACL SETUSER ${user} ${lacks.join(" ")}` }];
}

/** What a worker may do, a viewer may not, and writes nothing. */
const HARMLESS = ["subscribe", "unsubscribe", "wait"];

/** Whether a user may write nothing of what a worker may. */
export function isViewer(lacksForWorker: readonly string[]): boolean {
  const others = new Set([...VIEWER_COMMANDS, ...HARMLESS]);
  const writes = WORKER_COMMANDS.filter((command) => !others.has(command));
  return writes.every((command) => lacksForWorker.includes(`+${command}`));
}
