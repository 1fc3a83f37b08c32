import os from "node:os";
import { z } from "zod";

const schema = z.object({
  REDIS_URL: z.string().default("redis://127.0.0.1:6379"),
  NAMESPACE: z.string().default("refrain"),
  GATEWAY_URL: z.string().default("http://127.0.0.1:8090"),
  /** Where the process keeps its files of evidence. */
  EVIDENCE_DIR: z.string().default(os.tmpdir()),
  /** Names this process's own file among them. */
  PROCESS_NAME: z.string().default(os.hostname()),
  CONCURRENCY: z.coerce.number().int().positive().default(20),
  LOCK_DURATION_MS: z.coerce.number().int().positive().default(15_000),
  STALLED_INTERVAL_MS: z.coerce.number().int().positive().default(5_000),
  DRAIN_TIMEOUT_MS: z.coerce.number().int().positive().default(10_000),
  RECONCILERS: z.enum(["on", "off"]).default("on"),
  HEALTH_PORT: z.coerce.number().int().nonnegative().optional(),
});

export type Env = z.infer<typeof schema>;

/** What the environment says, checked and with defaults: a misspelt number stops the process at once, by name. */
export function readEnv(): Env {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is not right.\n${z.prettifyError(parsed.error)}`);
}
