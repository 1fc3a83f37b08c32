import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { corkForNow } from "../src/cork.ts";
import { foreignScript } from "../src/index.ts";
import { openStore } from "./store-bench.ts";

it("a script of others' answers with a text or a number, also when the server has forgotten it", async () => {
  await using bench = await openStore();
  const lua = "return tonumber(ARGV[1]) or redis.call('ECHO', ARGV[1])";
  const send = foreignScript(bench.redis, { lua, numberOfKeys: 1 });
  const key = bench.keys.rescuer;

  const first = [await send([key, "12"]), await send([key, Buffer.from("ünï")])];
  await bench.redis.script("FLUSH");
  const second = await Promise.all([send([key, "-5"]), send([key, "x"])]);

  expect([first, second]).toEqual([
    [12, "ünï"],
    [-5, "x"],
  ]);
});

it("what is written in one go leaves together, and what comes later by itself", async () => {
  const left: number[] = [];
  const socket = new Writable({
    write(_chunk, _encoding, done) {
      left.push(1);
      done();
    },
    writev(chunks, done) {
      left.push(chunks.length);
      done();
    },
  });

  for (const text of ["a", "b", "c"]) {
    corkForNow(socket);
    socket.write(text);
  }
  await turn();
  corkForNow(socket);
  socket.write("d");
  await turn();

  expect(left).toEqual([3, 1]);
});
