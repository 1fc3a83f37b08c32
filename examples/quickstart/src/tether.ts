/**
 * Ties this process to the one that forked it: it ends when its parent has ended, even by SIGKILL, because the kernel
 * closes the channel between them. Does nothing in a process that was started by hand or by a container engine.
 */
export function tetherToParent(): void {
  if (!process.connected) return;
  process.once("disconnect", () => process.exit());
  // A terminal sends Ctrl-C to parent and children alike. The parent decides what it means.
  process.on("SIGINT", () => {});
}

/** Tells the parent something, if there is one. */
export function tellParent(message: object): void {
  process.send?.(message);
}
