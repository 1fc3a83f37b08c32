import { nanoid } from "nanoid";

/**
 * 96 random bits as 16 characters, for a delivery's nonce or a request's id. Both tell those of one run apart, and are kept with it: so
 * they are no longer than that.
 */
export function newNonce(): string {
  return nanoid(16);
}
