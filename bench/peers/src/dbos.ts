import { DBOS } from "@dbos-inc/dbos-sdk";
import { freshId, outsideCall, overLanes, type Peer } from "./peer.ts";

async function run(calls: number): Promise<number> {
  for (let slot = 0; slot < calls; slot++) {
    await DBOS.runStep(() => outsideCall(slot), { name: "outside-call" });
  }
  return calls;
}

export async function dbos(databaseUrl: string): Promise<Peer> {
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: 20,
    logLevel: "error",
    runAdminServer: false,
  });
  const workflow = DBOS.registerWorkflow(run, { name: "bench" });
  await DBOS.launch();
  const once = async (calls: number): Promise<void> => {
    const handle = await DBOS.startWorkflow(workflow, { workflowID: freshId() })(calls);
    await handle.getResult();
  };
  return {
    once,
    throughputMs: (runs, calls) => overLanes(runs, () => once(calls)),
    stop: () => DBOS.shutdown(),
  };
}
