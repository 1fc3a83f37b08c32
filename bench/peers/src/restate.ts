import * as restate from "@restatedev/restate-sdk";
import { connect } from "@restatedev/restate-sdk-clients";
import { outsideCall, overLanes, type Peer } from "./peer.ts";

const bench = restate.service({
  name: "bench",
  handlers: {
    run: async (ctx: restate.Context, calls: number): Promise<number> => {
      for (let slot = 0; slot < calls; slot++) {
        await ctx.run("outside-call", () => outsideCall(slot));
      }
      return calls;
    },
  },
});

export interface RestateUrls {
  readonly ingress: string;
  readonly admin: string;
}

/** The service listens here, and the server is told so: it pushes runs to it. */
export async function restateSystem({ ingress, admin }: RestateUrls): Promise<Peer> {
  const port = await restate.serve({ services: [bench], port: 0 });
  const answer = await fetch(`${admin}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}`, force: true }),
  });
  if (!answer.ok) throw new Error(`Restate refused the service: ${await answer.text()}`);
  const client = connect({ url: ingress }).serviceClient(bench);
  const once = async (calls: number): Promise<void> => {
    await client.run(calls);
  };
  return {
    once,
    throughputMs: (runs, calls) => overLanes(runs, () => once(calls)),
    // The service's HTTP server ends with its process.
    stop: async () => {},
  };
}
