import { CrashPoints } from "../../src/crash-points.ts";
import { EffectLedger } from "../../src/effect-ledger.ts";

// Writes event after event, and dies where it is told to.
const [, , file] = process.argv;
const ledger = new EffectLedger(file);
const points = new CrashPoints();
for (let count = 1; count <= 10; count++) {
  ledger.write({ kind: "effect", key: String(count) });
  points.hit("written");
}
