import { Command } from "ioredis";

let writes = 0;

/** Where a command was written last. ioredis writes it again, unasked, when its connection ends before the reply. */
export class Sent {
  /** The socket; undefined before the first time. */
  socket: object | undefined;
  /** Orders all commands of this process. */
  nth = 0;
  /** How often it was written. */
  copies = 0;

  on(socket: object): void {
    this.socket = socket;
    writes += 1;
    this.nth = writes;
    this.copies += 1;
  }
}

/** A command that knows where it was written. */
export class SentCommand extends Command {
  readonly sent: Sent = new Sent();

  override toWritable(socket: object): string | Buffer {
    this.sent.on(socket);
    return super.toWritable(socket);
  }
}
