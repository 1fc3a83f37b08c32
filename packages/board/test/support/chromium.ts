import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium";

/** Why no browser test can run here; undefined when they can. */
export const noBrowser: string | undefined = existsSync(EXECUTABLE)
  ? undefined
  : `there is no Chromium at ${EXECUTABLE}: apt-get install chromium, or name one in CHROMIUM_BIN`;

if (noBrowser !== undefined && process.env["REFRAIN_REQUIRE_BROWSER"] === "1") {
  throw new Error(noBrowser);
}

/** A headless browser that calls nobody of its own accord. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
