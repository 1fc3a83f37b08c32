import { setTimeout as elapse } from "node:timers/promises";
import { AppendLog } from "./append-log.ts";

export interface Mail {
  readonly orderId: string;
  readonly to: string;
  readonly subject: string;
  readonly idempotencyKey: string;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
}

/** Stands in for a mail provider: keeps every request in a file. Two with one key are one mail. */
export function fileMailer(path: string): Mailer {
  const outbox = new AppendLog(path);
  return {
    async send(mail) {
      outbox.append(mail);
      await elapse(120);
    },
  };
}
