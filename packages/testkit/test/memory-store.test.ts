import { MemoryStore } from "@refrain/core";
import { describeStore } from "../src/conformance/describe-store.ts";

describeStore("MemoryStore", ({ wrapPort }) => {
  const store = new MemoryStore({ wrapPort });
  return { store, close: () => store.close() };
});
