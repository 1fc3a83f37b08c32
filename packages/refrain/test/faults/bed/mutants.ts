import type { ActionStateStore, CommitPort } from "@refrain/core";

/** Ways in which a worker of the bed may break a rule on purpose. */
export type MutantName = "none";

/** What stands between a worker and its journal, so that it breaks a rule. */
interface Mutant {
  readonly wrapPort: (port: CommitPort) => CommitPort;
  readonly wrapStore: (store: ActionStateStore) => ActionStateStore;
}

export function mutate(_name: MutantName | undefined): Mutant {
  return { wrapPort: (port) => port, wrapStore: (store) => store };
}
