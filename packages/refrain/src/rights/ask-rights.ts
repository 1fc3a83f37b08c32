import { deniedCommands, mastersOf, type RedisClient, ShardKeys } from "@refrain/redis-store";

interface Place {
  readonly key: string;
  readonly channel: string;
}

/** What to ask about, for those commands that do not take one key first and values after it. */
const SHAPES: Readonly<Record<string, (place: Place) => string>> = {
  info: () => "info",
  time: () => "time",
  wait: () => "wait 0 0",
  "client|setname": () => "client setname refrain",
  "cluster|slots": () => "cluster slots",
  "cluster|info": () => "cluster info",
  asking: () => "asking",
  readonly: () => "readonly",
  readwrite: () => "readwrite",
  eval: ({ key }) => `eval 0 1 ${key}`,
  evalsha: ({ key }) => `evalsha 0 1 ${key}`,
  bzpopmin: ({ key }) => `bzpopmin ${key} 0`,
  rpoplpush: ({ key }) => `rpoplpush ${key} ${key}`,
  del: ({ key }) => `del ${key}`,
  unlink: ({ key }) => `unlink ${key}`,
  exists: ({ key }) => `exists ${key}`,
  publish: ({ channel }) => `publish ${channel} 0`,
  subscribe: ({ channel }) => `subscribe ${channel}`,
  unsubscribe: ({ channel }) => `unsubscribe ${channel}`,
};

/** What a connection's user may do with the keys and the channel of one namespace. */
export class Rights {
  readonly #namespace: string;
  readonly #denied: ReadonlySet<string>;

  private constructor(namespace: string, denied: ReadonlySet<string>) {
    this.#namespace = namespace;
    this.#denied = denied;
  }

  /**
   * Finds out, without doing any of it.
   *
   * @param whole commands that have nothing to do with the namespace, with their arguments
   * @throws StoreError when even this question is refused.
   */
  static async ask(
    redis: RedisClient,
    namespace: string,
    commands: readonly string[],
    whole: readonly string[] = [],
  ): Promise<Rights> {
    const asked = Array.from(new Set(commands), (command) => askAbout(command, namespace));
    // Each node of a cluster has users of its own.
    const denied = await Promise.all(
      mastersOf(redis).map((master) => deniedCommands(master, [...asked, ...whole])),
    );
    return new Rights(namespace, new Set(denied.flat()));
  }

  isDenied(command: string): boolean {
    return this.#denied.has(command) || this.#denied.has(askAbout(command, this.#namespace));
  }

  /** The rules that would grant these commands. A user that may use no key at all lacks the pattern, whatever else it lacks. */
  lackedOf(commands: readonly string[]): readonly string[] {
    const isDenied = (command: string): boolean => this.isDenied(command);
    const onKeys = commands.filter((command) => SHAPES[command] === undefined);
    const onChannels = commands.filter((command) => command.endsWith("ublish"));
    return [
      ...(onKeys.every(isDenied) ? [`~{${this.#namespace}:*}:*`] : []),
      ...(onChannels.some(isDenied) ? [`&{${this.#namespace}:*}:settled`] : []),
      ...commands.filter(isDenied).map((command) => `+${command}`),
    ];
  }
}

function askAbout(command: string, namespace: string): string {
  const { prefix, settled } = new ShardKeys(namespace, 0);
  const place = { key: `${prefix}:rights`, channel: settled };
  return SHAPES[command]?.(place) ?? `${command} ${place.key} 0 0`;
}
