/**
 * Awaits every handle and never rejects: `PromiseSettledResult`s in input order. With `concurrency`, at most so many lazy
 * handles are under way at once; the next one starts when an outcome is delivered.
 *
 * @throws TypeError when `concurrency` is not a whole number above 0.
 */
export async function gather(
  handles: readonly PromiseLike<unknown>[],
  concurrency: number = handles.length,
): Promise<PromiseSettledResult<unknown>[]> {
  const results: PromiseSettledResult<unknown>[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < handles.length; index = next++) {
      results[index] = await settled(handles[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, handles.length) }, lane));
  return results;
}

async function settled(
  handle: PromiseLike<unknown> | undefined,
): Promise<PromiseSettledResult<unknown>> {
  try {
    return { status: "fulfilled", value: await handle };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}
