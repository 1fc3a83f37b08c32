import { nanoid } from "nanoid";

/** 126 random bits as 21 characters, for a delivery's nonce or a request's id: both are kept with the run, so they are short. */
export function newNonce(): string {
  return nanoid();
}
