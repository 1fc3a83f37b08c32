import { cp, readdir, stat, truncate } from "node:fs/promises";
import path from "node:path";

/** The file a server appends to; it grows with every command, whenever that is flushed to the disk. */
export class AofFile implements Disposable {
  readonly path: string;
  readonly #sizes: { readonly at: number; readonly bytes: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(file: string) {
    this.path = file;
    this.#timer = setInterval(() => void this.#sample(), 5);
  }

  /** @param dir of the server */
  static async of(dir: string): Promise<AofFile> {
    const folder = path.join(dir, "appendonlydir");
    const names = await readdir(folder);
    const name = names.find((one) => one.endsWith(".incr.aof"));
    if (name === undefined) throw new Error(`${folder} has no file that is appended to`);
    return new AofFile(path.join(folder, name));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async size(): Promise<number> {
    return (await stat(this.path)).size;
  }

  /** For a server that is dead: takes the file back to its size of `ms` ago, as a power loss does. Gives the bytes lost. */
  async cutBack(ms: number): Promise<number> {
    const now = performance.now();
    const bytes = this.#sizes.findLast(({ at }) => at <= now - ms)?.bytes;
    if (bytes === undefined) throw new Error(`the file was not watched ${ms} ms ago`);
    const size = await this.size();
    await truncate(this.path, bytes);
    this.#sizes.length = 0;
    return size - bytes;
  }

  async #sample(): Promise<void> {
    this.#sizes.push({ at: performance.now(), bytes: await this.size() });
  }
}

/** Copies a server's files, the one it appends to only up to some byte. */
export async function copyUpTo(file: AofFile, dir: string, bytes: number): Promise<void> {
  const folder = path.dirname(file.path);
  await cp(folder, path.join(dir, "appendonlydir"), { recursive: true });
  await truncate(path.join(dir, "appendonlydir", path.basename(file.path)), bytes);
}
