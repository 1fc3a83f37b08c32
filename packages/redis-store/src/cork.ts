import { Writable } from "node:stream";

const corked = new WeakSet<object>();

/** Has all that is written to a socket in one go leave together: each write of its own is a call to the system. */
export function corkForNow(socket: object): void {
  if (!(socket instanceof Writable) || corked.has(socket)) return;
  corked.add(socket);
  socket.cork();
  process.nextTick(() => {
    corked.delete(socket);
    socket.uncork();
  });
}
