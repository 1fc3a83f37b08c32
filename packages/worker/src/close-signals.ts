import os from "node:os";

type Close = () => Promise<void>;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
const closers = new Set<Close>();
let isClosing = false;

/**
 * Has the process close this worker, and every other that asked for it, at SIGTERM or SIGINT, and then exit with 0. A second
 * signal ends it at once.
 *
 * @returns what to call when the worker was closed otherwise
 */
export function closeOnSignals(close: Close): () => void {
  if (closers.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  closers.add(close);
  return () => {
    closers.delete(close);
    if (closers.size === 0 && !isClosing) {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    }
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (isClosing) exit(128 + os.constants.signals[signal]);
  isClosing = true;
  void Promise.allSettled([...closers].map((close) => close())).then(() => exit(0));
}

function exit(code: number): never {
  process.exit(code);
}
