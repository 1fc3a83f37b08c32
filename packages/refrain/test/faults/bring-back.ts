import { addAgain, type JobData } from "@refrain/client";
import { Queue } from "bullmq";
import { openJournal } from "./journal-bench.ts";

/**
 * Brings back, again and again until `done` settles, the jobs of live runs that have none: what had ended when Redis died may
 * have told the queue so only after it was back, without the run's end.
 */
export async function bringingBack<T>(url: string, done: Promise<T>): Promise<T> {
  await using journal = openJournal(url, "refrain");
  const queue = new Queue<JobData>("default", { connection: journal.redis, prefix: "{refrain:0}" });
  const ended = done.then(
    () => true,
    () => true,
  );
  const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(resolve, 200, false));
  do {
    for (const run of await journal.store.rebuild()) await addAgain(queue, run);
  } while (!(await Promise.race([ended, soon()])));
  await queue.close();
  return done;
}
