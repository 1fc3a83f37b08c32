import { readFileSync } from "node:fs";
import { deniedCommands, ShardKeys } from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { AccessFacts, Problem } from "./diagnosis.ts";

/** The commands that one of the shipped files grants. The file is the list: there is no other. */
function commandsOf(file: "worker" | "viewer"): readonly string[] {
  const text = readFileSync(new URL(`../../acl/${file}.acl`, import.meta.url), "utf8");
  return text.split(/\s+/).flatMap((rule) => (rule.startsWith("+") ? [rule.slice(1)] : []));
}

interface Place {
  readonly key: string;
  readonly channel: string;
}

/** What to ask about, for those commands that do not take one key first and values after it. */
const SHAPES: Readonly<Record<string, (place: Place) => string>> = {
  info: () => "info",
  time: () => "time",
  "client|setname": () => "client setname refrain",
  eval: ({ key }) => `eval 0 1 ${key}`,
  evalsha: ({ key }) => `evalsha 0 1 ${key}`,
  bzpopmin: ({ key }) => `bzpopmin ${key} 0`,
  rpoplpush: ({ key }) => `rpoplpush ${key} ${key}`,
  del: ({ key }) => `del ${key}`,
  unlink: ({ key }) => `unlink ${key}`,
  exists: ({ key }) => `exists ${key}`,
  publish: ({ channel }) => `publish ${channel} 0`,
  subscribe: ({ channel }) => `subscribe ${channel}`,
  unsubscribe: ({ channel }) => `unsubscribe ${channel}`,
};

export interface Access {
  readonly facts: AccessFacts;
  /** Whether the doctor itself may look at the namespace. */
  readonly mayLook: boolean;
  readonly mayAskSettings: boolean;
}

/** What the doctor itself asks of a namespace. */
const LOOKS = ["time", "hmget", "hexists", "exists", "llen", "zcard", "zrange", "zscore"];

/** Finds out what the connection's user may do in a namespace, without doing any of it. */
export async function lookAtAccess(redis: Redis, namespace: string): Promise<Access> {
  const { prefix, settled } = new ShardKeys(namespace, 0);
  const place = { key: `${prefix}:doctor`, channel: settled };
  const askAbout = (command: string): string =>
    (SHAPES[command] ?? (() => `${command} ${place.key} 0 0`))(place);
  const [worker, viewer] = [commandsOf("worker"), commandsOf("viewer")];
  const settings = "config get appendfsync";
  const asked = new Set([...worker, ...viewer]);
  const denied = new Set(await deniedCommands(redis, [...Array.from(asked, askAbout), settings]));
  const isDenied = (command: string): boolean => denied.has(askAbout(command));
  return {
    facts: {
      user: redis.options.username ?? "default",
      lacksForWorker: rulesFor(worker, isDenied, namespace),
      lacksForViewer: rulesFor(viewer, isDenied, namespace),
    },
    mayLook: !LOOKS.some(isDenied),
    mayAskSettings: !denied.has(settings),
  };
}

/** A user that may use no key at all lacks the pattern, whatever else it lacks. */
function rulesFor(
  commands: readonly string[],
  isDenied: (command: string) => boolean,
  namespace: string,
): string[] {
  const onKeys = commands.filter((command) => SHAPES[command] === undefined);
  const onChannels = commands.filter((command) => command.endsWith("ublish"));
  return [
    ...(onKeys.every(isDenied) ? [`~{${namespace}:*}:*`] : []),
    ...(onChannels.some(isDenied) ? [`&{${namespace}:*}:settled`] : []),
    ...commands.filter(isDenied).map((command) => `+${command}`),
  ];
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

/** Whether a user may do nothing of what a worker may do and a viewer may not. */
export function isViewer(lacksForWorker: readonly string[]): boolean {
  const viewer = commandsOf("viewer");
  return commandsOf("worker")
    .filter((command) => !viewer.includes(command) && !command.endsWith("ubscribe"))
    .every((command) => lacksForWorker.includes(`+${command}`));
}
