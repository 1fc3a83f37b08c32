// A Redis in a container, for machines that have Docker and no server binary.
import { answer } from "./child.mjs";

const IMAGE = "redis:7.4-alpine";
const SERVER = ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"];

/** Starts the container on a free loopback port; undefined without a running Docker. */
export function startDockerRedis() {
  if (!answer("docker", ["info", "--format", "{{.ServerVersion}}"])) return undefined;
  console.log(`Starting ${IMAGE} in Docker`);
  const id = answer("docker", ["run", "-d", "--rm", "-p", "127.0.0.1::6379", IMAGE, ...SERVER]);
  if (!id) return undefined;
  let isStopped = false;
  const stop = () => {
    if (!isStopped) answer("docker", ["stop", "-t", "1", id]);
    isStopped = true;
  };
  process.on("exit", stop);
  const port = answer("docker", ["port", id, "6379/tcp"])?.split(":").pop();
  return { url: `redis://127.0.0.1:${port}`, how: `Docker (${IMAGE})`, stop };
}
