/** Lets so many turns of the event loop pass. */
export async function turns(count: number): Promise<undefined> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
