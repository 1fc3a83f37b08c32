import path from "node:path";
import { type Child, startChild } from "./child.ts";
import type { DemoOptions } from "./options.ts";
import { settings } from "./settings.ts";

/** What all processes of one demonstration share. */
export interface Stage {
  readonly options: DemoOptions;
  readonly redisUrl: string;
  /** Of this demonstration alone, so that one Redis can see several. */
  readonly namespace: string;
  /** Where processes write down what they did. */
  readonly evidenceDir: string;
}

export function startGateway(stage: Stage): Child {
  return start(stage, "gateway", "gateway/serve", {
    GATEWAY_PORT: "0",
    GATEWAY_SEED: String(stage.options.seed),
  });
}

export function startWorker(stage: Stage, gatewayUrl: string, serial: number): Child {
  return start(stage, `worker-${serial}`, "worker", {
    GATEWAY_URL: gatewayUrl,
    CONCURRENCY: String(settings.concurrency),
    LOCK_DURATION_MS: String(settings.lockDurationMs),
    STALLED_INTERVAL_MS: String(settings.stalledIntervalMs),
    DRAIN_TIMEOUT_MS: String(settings.drainTimeoutMs),
    RECONCILERS: stage.options.reconcilers ? "on" : "off",
  });
}

export function startClient(stage: Stage): Child {
  return start(stage, "client", "client", {}, [stage.options.ordersFile]);
}

function start(
  { redisUrl, namespace, evidenceDir }: Stage,
  name: string,
  module: string,
  env: Record<string, string>,
  args: string[] = [],
): Child {
  return startChild({
    name,
    module,
    args,
    logFile: path.join(evidenceDir, `${name}.log`),
    env: {
      ...env,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      EVIDENCE_DIR: evidenceDir,
      PROCESS_NAME: name,
    },
  });
}
