import {
  currentCall,
  type DurableContext,
  defineAction,
  durable,
  type Implementation,
  type ImplementOptions,
  notStarted,
} from "@refrain/core";
import type { Drive } from "./drive.ts";

export const action = defineAction<null, unknown>({ name: "act" });

export const implementation = (
  handler: (ctx: DurableContext) => Promise<unknown>,
  options?: ImplementOptions,
): Implementation => action.implement(handler, options);

/** One attempt, to its end. */
export async function run(drive: Drive, implemented: Implementation): Promise<void> {
  await (await drive.attempt(implemented)).done;
}

/** Calls that write down what ran, and under which key. */
export class Shop {
  /** "charge" is the charge's fn, "charge?" its reconciler. */
  readonly log: { readonly what: string; readonly key: string }[] = [];
  /** Charges fail. */
  isDown = true;

  readonly reserve = durable("reserve", (sku: number) => {
    this.note(`reserve ${sku}`);
    return sku;
  });

  readonly charge = durable("charge", () => {
    this.note("charge");
    if (this.isDown) throw new Error("declined");
    return "paid";
  });

  /** A reconciler; an empty answer is none. */
  asks(answer: () => string): { reconciler: () => string | ReturnType<typeof notStarted> } {
    return {
      reconciler: () => {
        this.note("charge?");
        return answer() || notStarted();
      },
    };
  }

  note(what: string): void {
    this.log.push({ what, key: currentCall().idempotencyKey });
  }

  get whats(): string[] {
    return this.log.map(({ what }) => what);
  }

  keysOf(what: string): string[] {
    return this.log.flatMap((line) => (line.what === what ? [line.key] : []));
  }
}
