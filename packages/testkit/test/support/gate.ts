/** A place where a number of parties wait for one another. */
export interface Gate {
  /** Resolves when as many have arrived as the gate waits for. */
  arrive(): Promise<void>;
}

export function gate(parties: number): Gate {
  let missing = parties;
  const waiting: (() => void)[] = [];
  return {
    arrive() {
      missing -= 1;
      const arrived = new Promise<void>((resolve) => waiting.push(resolve));
      if (missing <= 0) for (const open of waiting.splice(0)) open();
      return arrived;
    },
  };
}
