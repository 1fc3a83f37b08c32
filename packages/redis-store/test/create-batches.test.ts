import { describe, expect, it } from "vitest";
import { type Asked, batchesOf } from "../src/create-batches.ts";
import { newRun } from "./store-bench.ts";

const KIB = 1024;
const here = { shard: 0, count: 1, key: "" };

function asked(runId: string, bytes = 10, placement: Asked["placement"] = here) {
  return { run: newRun({ runId, input: Buffer.alloc(bytes) }), placement };
}

function idsIn(batches: ReturnType<typeof batchesOf>): string[] {
  return batches.map((batch) => batch.asked.map(({ run }) => run.runId).join());
}

describe("the runs that one script creates", () => {
  it("are fifty at most", () => {
    const batches = batchesOf(Array.from({ length: 1000 }, (_, n) => asked(`${n}`)));

    expect(batches.map((batch) => batch.asked.length)).toEqual(
      Array.from({ length: 20 }, () => 50),
    );
  });

  it("have a quarter of a mebibyte of inputs at most, unless it is one", () => {
    const sizes = [100, 100, 100, 156, 1024, 1, 2];

    const batches = batchesOf(sizes.map((kib, n) => asked(`${n}`, kib * KIB)));

    expect(idsIn(batches)).toEqual(["0,1", "2,3", "4", "5,6"]);
  });

  it("have different ids", () => {
    const batches = batchesOf(["a", "b", "a", "c", "c"].map((id) => asked(id)));

    expect(idsIn(batches)).toEqual(["a,b", "a,c", "c"]);
  });

  it("are of one shard, and placed there by one count", () => {
    const there = { shard: 1, count: 2, key: "2" };
    const former = { ...here, key: "former" };
    const places = [here, there, former, there, here];

    const batches = batchesOf(places.map((place, n) => asked(`${n}`, 10, place)));

    expect(idsIn(batches)).toEqual(["0,4", "1,3", "2"]);
    expect(batches.map((batch) => batch.placement)).toEqual([here, there, former]);
  });
});
