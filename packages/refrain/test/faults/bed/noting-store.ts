import type { ActionStateStore, ClaimReply, Delivery } from "@refrain/core";
import type { BedLedger } from "./bed-ledger.ts";
import { callNote } from "./noting-port.ts";

type OnClaim = (runId: string, epoch: number, nonce: string) => void;

/** The store, which writes down every claim with the journal that came with it, before the worker learns of it. */
export function notingStore(
  store: ActionStateStore,
  ledger: BedLedger,
  onClaim: OnClaim,
): ActionStateStore {
  const claim = async (delivery: Delivery): Promise<ClaimReply> => {
    const reply = await store.claim(delivery);
    if (reply.kind !== "claimed") return reply;
    const { runId: run, nonce } = delivery;
    const { epoch, calls } = reply.run;
    ledger.write({ kind: "claimed", run, nonce, epoch, journal: calls.map(callNote) });
    onClaim(run, epoch, nonce);
    return reply;
  };
  return withClaim(store, claim);
}

/** The store, but for its claims. */
export function withClaim(
  store: ActionStateStore,
  claim: ActionStateStore["claim"],
): ActionStateStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "claim") return claim;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
