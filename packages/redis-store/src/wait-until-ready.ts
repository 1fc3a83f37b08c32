import { addressOf, isCluster } from "./connection-facts.ts";
import type { RedisClient } from "./script.ts";
import { StoreError } from "./store-error.ts";

/** Answers to a greeting that no further try will change. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH)/;

/** Codes of Node's and of OpenSSL's for a handshake that no further try will change. */
const DISTRUSTED =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED_|UNABLE_TO_)/;

/** A node's answer to a cluster's client. */
const NO_CLUSTER = /^ERR This instance has cluster support disabled/;

/**
 * Resolves when the connection can be used. For the start only: what is lost later comes back by itself.
 *
 * @throws StoreError when no server answers within `timeoutMs`, and at once when it refuses the credentials or TLS fails.
 */
export async function waitUntilReady(redis: RedisClient, timeoutMs = 5000): Promise<void> {
  if (redis.status === "ready") return;
  const address = addressOf(redis);
  const failure = await new Promise<StoreError | undefined>((resolve) => {
    let cause: Error | undefined;
    // What a cluster's client reports is that every node failed; why, it says of each.
    const failing = isCluster(redis) ? "node error" : "error";
    const end = (verdict?: StoreError): void => {
      clearTimeout(timer);
      redis.off("ready", onReady).off("end", onEnd).off(failing, onError);
      resolve(verdict);
    };
    const onReady = (): void => end();
    const onEnd = (): void => end(unreachable(address, "the connection was ended", cause));
    const onLate = (): void => end(unreachable(address, `no answer within ${timeoutMs} ms`, cause));
    const onError = (error: Error): void => {
      // Why a connection could not be made comes before that it was not made.
      if (error.message !== "Connection is closed.") cause = error;
      if (REFUSED.test(error.message)) end(refused(address, error));
      if (DISTRUSTED.test(codeOf(error))) end(distrusted(address, error));
      if (NO_CLUSTER.test(error.message)) end(noCluster(address, error));
    };
    const timer = setTimeout(onLate, timeoutMs);
    redis.on("ready", onReady).on("end", onEnd).on(failing, onError);
    if (redis.status === "wait") redis.connect().catch(() => {});
    if (redis.status === "end") onEnd();
  });
  if (failure !== undefined) throw failure;
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

function noCluster(address: string, cause: Error): StoreError {
  return new StoreError(
    `Redis at ${address} is no cluster: ${cause.message}. Give a URL, options or a \`Redis\` of ioredis as \`connection\``,
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
