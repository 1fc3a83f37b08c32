import type { Redis, RedisOptions } from "ioredis";
import { StoreError } from "./store-error.ts";

/** Answers to a greeting that no further try will change. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH)/;

/** Codes of Node's and of OpenSSL's for a handshake that no further try will change. */
const DISTRUSTED =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED_|UNABLE_TO_)/;

/**
 * Resolves when the connection can be used. For the start only: what is lost later comes back by itself.
 *
 * @throws StoreError when no server answers within `timeoutMs`, and at once when it refuses the credentials or TLS fails.
 */
export async function waitUntilReady(redis: Redis, timeoutMs = 5000): Promise<void> {
  if (redis.status === "ready") return;
  const address = addressOf(redis.options);
  const failure = await new Promise<StoreError | undefined>((resolve) => {
    let cause: Error | undefined;
    const end = (verdict?: StoreError): void => {
      clearTimeout(timer);
      redis.off("ready", onReady).off("end", onEnd).off("error", onError);
      resolve(verdict);
    };
    const onReady = (): void => end();
    const onEnd = (): void => end(unreachable(address, "the connection was ended", cause));
    const onLate = (): void => end(unreachable(address, `no answer within ${timeoutMs} ms`, cause));
    const onError = (error: Error): void => {
      cause = error;
      if (REFUSED.test(error.message)) end(refused(address, error));
      if (DISTRUSTED.test(codeOf(error))) end(distrusted(address, error));
    };
    const timer = setTimeout(onLate, timeoutMs);
    redis.on("ready", onReady).on("end", onEnd).on("error", onError);
    if (redis.status === "wait") redis.connect().catch(() => {});
    if (redis.status === "end") onEnd();
  });
  if (failure !== undefined) throw failure;
}

/** Where a connection leads, without its credentials. */
function addressOf({ host, port, path, sentinels, name }: RedisOptions): string {
  if (path) return path;
  if (!sentinels?.length) return `${host}:${port}`;
  const list = sentinels.map((sentinel) => `${sentinel.host}:${sentinel.port ?? 26_379}`);
  return `"${name}" by the sentinels ${list.join(", ")}`;
}

function unreachable(address: string, what: string, cause: Error | undefined): StoreError {
  const error = cause === undefined ? "" : `; last error: ${cause.message}`;
  const reason = `${what}${error}${isHungUp(cause) ? HUNG_UP : ""}`;
  return new StoreError(
    `Redis at ${address} cannot be reached: ${reason}. Start it, or correct host, port and TLS in \`connection\``,
    { cause, isTransient: true },
  );
}

/** A server's last word is lost when the client has sent it something meanwhile. */
const HUNG_UP =
  " (a server of TLS that asks for a certificate hangs up so on who has none: see `tls.cert` and `tls.key`)";

function isHungUp(cause: Error | undefined): boolean {
  return cause !== undefined && /^(?:ECONNRESET|EPIPE)$/.test(codeOf(cause));
}

function refused(address: string, cause: Error): StoreError {
  return new StoreError(
    `Redis at ${address} refuses the credentials: ${cause.message}. Correct username and password in \`connection\``,
    { cause },
  );
}

function distrusted(address: string, cause: Error): StoreError {
  // What OpenSSL says in full names its own source files.
  const reason = "reason" in cause ? String(cause.reason) : cause.message;
  return new StoreError(
    `no TLS with Redis at ${address}: ${reason} (${codeOf(cause)}). Correct ca, cert and key in \`tls\` of \`connection\`; a server without TLS takes redis://, one with it rediss://`,
    { cause },
  );
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
