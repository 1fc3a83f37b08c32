import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

// `pnpm test:containers`: the store suite on servers that come as container images, where a Docker engine answers.
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  defineConfig({
    test: { include: ["packages/testkit/test/containers/*.containers.ts"], reporters: ["verbose"] },
  }),
);
