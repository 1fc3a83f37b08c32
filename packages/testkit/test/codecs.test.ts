import { aesGcmCodec, msgpackCodec } from "@refrain/core";
import { describeCodec } from "../src/conformance/describe-codec.ts";

const keys = { old: Buffer.alloc(32, 1), new: Buffer.alloc(32, 2) };

describeCodec("msgpackCodec", msgpackCodec);
describeCodec("aesGcmCodec", aesGcmCodec({ keys, primaryKeyId: "new" }));
describeCodec(
  "aesGcmCodec that reads plain values, too",
  aesGcmCodec({ keys, primaryKeyId: "new", requireEncrypted: false }),
);
