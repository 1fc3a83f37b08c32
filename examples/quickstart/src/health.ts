import http from "node:http";

/**
 * Serves 200 while `isReady`, else 503. It says that the process is up and its event loop turns, and no more: were it to
 * fail with Redis, a short outage would have every worker restarted at once, to wait for the same Redis again.
 */
export function serveHealth(port: number, isReady: () => boolean): http.Server {
  const server = http.createServer((_request, reply) => {
    reply.writeHead(isReady() ? 200 : 503).end();
  });
  // A health check must not keep a process alive that has nothing else to do.
  return server.listen(port).unref();
}
