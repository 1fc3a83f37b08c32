/** How a piece of code ended. */
export type Done =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown };

/**
 * Calls back with what `start` comes to, whatever it returns or throws, and never before this has returned. An async function
 * around it would do the same with three promises more.
 */
export function whenDone(start: () => unknown, ended: (result: Done) => void): void {
  // What throws at once must not end sooner than what returns at once: siblings begin first.
  const threw = (error: unknown): void => queueMicrotask(() => ended({ kind: "threw", error }));
  try {
    const given = Promise.resolve(start());
    // As `await` does it: a promise may have a `then` of its own.
    void Promise.prototype.then.call(given, (value) => ended({ kind: "returned", value }), threw);
  } catch (error) {
    threw(error);
  }
}
