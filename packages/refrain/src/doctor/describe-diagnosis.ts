import type { Layout } from "@refrain/redis-store";
import type {
  ClockFacts,
  Diagnosis,
  DurabilityFacts,
  NamespaceFacts,
  NodeFacts,
  Problem,
  QueueFacts,
} from "./diagnosis.ts";
import { isViewer } from "./look-at-access.ts";

type Line = readonly [name: string, value: string];

/** A diagnosis for people: facts in aligned columns, then each problem with its fix. */
export function describeDiagnosis(diagnosis: Diagnosis): string {
  const { address, server, durability, clock, namespace, problems } = diagnosis;
  const replicas = server.replicas === 1 ? "1 replica" : `${server.replicas} replicas`;
  return [
    `${server.product} ${server.version} at ${address}`,
    ...(diagnosis.cluster === undefined
      ? []
      : section("cluster", diagnosis.cluster.masters.map(describeNode))),
    ...section("server", [
      ["role", `${server.role}, ${server.mode}, ${replicas}`],
      ["uptime", duration(server.uptimeSeconds * 1000)],
      ["memory", memory(diagnosis)],
      [
        "timers",
        `hz ${server.hz}: a delay ends up to ${Math.round(1000 / (server.hz || 1))} ms late`,
      ],
      ["clock", describeClock(clock)],
    ]),
    ...section("durability", [
      ["level", durability.level],
      ["append-only file", appendOnlyFile(durability)],
      [
        "last snapshot",
        `${durability.lastSnapshot}, at ${new Date(durability.lastSnapshotAt * 1000).toISOString()}`,
      ],
      ["a crash takes", durability.loss.crash],
      ["a power loss takes", durability.loss.powerLoss],
      ["a failover takes", durability.loss.failover],
    ]),
    ...section("access", accessLines(diagnosis)),
    ...(namespace === undefined
      ? []
      : section(`namespace ${namespace.name}`, namespaceLines(namespace))),
    "",
    ...describeProblems(problems),
  ].join("\n");
}

function describeNode({ address, server, durability }: NodeFacts): Line {
  const used = `${megabytes(server.usedMemoryBytes)} MB`;
  const replicas = server.replicas === 1 ? "1 replica" : `${server.replicas} replicas`;
  return [
    address,
    `${server.product} ${server.version}, ${replicas}, ${used}, ${durability.level}`,
  ];
}

function appendOnlyFile({ level, appendfsync, lastAofWrite }: DurabilityFacts): string {
  if (!level.startsWith("append-only")) return "off";
  return `appendfsync ${appendfsync}, last write ${lastAofWrite}`;
}

function section(title: string, lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(([name]) => name.length));
  return ["", title, ...lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)];
}

function describeClock(clock: ClockFacts | undefined): string {
  if (clock === undefined) return "may not be asked for";
  const ahead = Math.abs(clock.aheadMs) < clock.uncertaintyMs ? 0 : clock.aheadMs;
  return `${ahead.toFixed(1)} ms ahead of this machine's, give or take ${clock.uncertaintyMs.toFixed(1)} ms`;
}

function memory({ server }: Diagnosis): string {
  const used = `${megabytes(server.usedMemoryBytes)} MB`;
  const limit =
    server.maxMemoryBytes === 0
      ? "without a limit"
      : `of ${megabytes(server.maxMemoryBytes)} MB (${Math.round((100 * server.usedMemoryBytes) / server.maxMemoryBytes)} %)`;
  return `${used} ${limit}, ${server.evictionPolicy}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function accessLines({ access }: Diagnosis): Line[] {
  const { user, lacksForWorker, lacksForViewer } = access;
  const worker = isViewer(lacksForWorker) ? "no: it may only read" : verdict(lacksForWorker);
  return [
    ["user", user],
    ["as a worker or client", worker],
    ["as the board's viewer", verdict(lacksForViewer)],
  ];
}

function verdict(lacks: readonly string[]): string {
  return lacks.length === 0 ? "may do all that is needed" : `lacks ${lacks.join(" ")}`;
}

function namespaceLines(facts: NamespaceFacts): Line[] {
  const { layout, oldestLiveRun: oldest, withoutJob } = facts;
  if (layout === undefined) return [["layout", "none: nobody has used this namespace yet"]];
  return [
    ["layout", describeLayout(layout)],
    ["live runs", `${facts.liveRuns}`],
    [
      "oldest of them",
      oldest === undefined
        ? "none"
        : `${oldest.runId} (${oldest.action}), for ${duration(oldest.ageMs)}`,
    ],
    ["without a job", `${withoutJob.runIds.length} of the ${withoutJob.lookedAt} oldest`],
    ...facts.queues.map((queue): Line => [`queue ${queue.name}`, describeQueue(queue)]),
  ];
}

function describeLayout({ version, shards, former }: Layout): string {
  const was = former.length === 0 ? "" : `, formerly ${former.join(" and ")}`;
  return `version ${version}, shards: ${shards}${was}`;
}

function describeQueue({
  waiting,
  active,
  delayed,
  failed,
  isPaused,
  hasWorker,
}: QueueFacts): string {
  const counts = `${waiting} waiting, ${active} active, ${delayed} delayed, ${failed} failed`;
  return `${counts}; ${isPaused ? "paused; " : ""}${hasWorker ? "a worker was seen" : "no worker was seen"}`;
}

function describeProblems(problems: readonly Problem[]): string[] {
  if (problems.length === 0) return ["no problems"];
  return problems.flatMap(({ severity, problem, fix }) => [
    `${severity}: ${problem}`,
    `  fix: ${fix}`,
  ]);
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** Two units are enough: 2 h 3 min. */
function duration(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "less than a second";
}
