const PREFIX = "run-";
const PLAIN = /^[A-Za-z0-9_.-]+$/;
const MAX_RUN_ID_BYTES = 255;
const SURROGATE = /\p{Surrogate}/u;

/**
 * Returns a run id that can be stored unchanged.
 *
 * @throws TypeError unless it is a non-empty, well-formed string of at most 255 bytes of UTF-8.
 */
export function checkRunId(runId: unknown): string {
  if (typeof runId !== "string" || runId === "") {
    throw new TypeError(`runId must be a non-empty string, not ${describe(runId)}`);
  }
  // A lone surrogate would be stored as U+FFFD, and two ids would become one.
  if (SURROGATE.test(runId)) {
    throw new TypeError(`runId must be well-formed Unicode: ${JSON.stringify(runId)}`);
  }
  const bytes = Buffer.byteLength(runId);
  if (bytes > MAX_RUN_ID_BYTES) {
    throw new TypeError(`runId must have at most ${MAX_RUN_ID_BYTES} bytes, not ${bytes}`);
  }
  return runId;
}

/**
 * The id of a run's BullMQ job: a fixed prefix, then the run id with every byte but letters, digits, `_`, `-` and `.`
 * escaped. BullMQ keeps a queue's jobs and its own lists under one prefix, so a job called "meta" or "delayed" would
 * destroy the queue; and it refuses ids that are integers or hold a colon.
 */
export function jobIdOf(runId: string): string {
  if (PLAIN.test(runId)) return PREFIX + runId;
  let escaped = PREFIX;
  for (const byte of Buffer.from(runId)) {
    const character = String.fromCharCode(byte);
    escaped += PLAIN.test(character) ? character : `~${byte.toString(16).padStart(2, "0")}`;
  }
  return escaped;
}

/** The run a job belongs to; undefined when the id is not one of ours. */
export function runIdOf(jobId: string): string | undefined {
  if (!jobId.startsWith(PREFIX)) return undefined;
  const escaped = jobId.slice(PREFIX.length);
  if (PLAIN.test(escaped)) return escaped;
  if (!/^(?:[A-Za-z0-9_.-]|~[0-9a-f]{2})+$/.test(escaped)) return undefined;
  const bytes = escaped.replace(/~(?<hex>..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

function describe(value: unknown): string {
  return value === "" ? "an empty one" : value === null ? "null" : typeof value;
}
