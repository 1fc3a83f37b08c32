import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BoardOptions, createBoard, type RunReader } from "../src/index.ts";
import { ask } from "./support/ask.ts";
import { BoardFixture } from "./support/board-fixture.ts";
import { failed, pending, succeeded, withPayload } from "./support/calls.ts";

let fixture: BoardFixture;
beforeAll(async () => {
  fixture = await BoardFixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** What the page's own requests get; its shape is Bull Board's. */
// oxlint-disable-next-line typescript/no-explicit-any -- the assertions say what is in it
async function get(path: string, options: Partial<BoardOptions> = {}): Promise<any> {
  const { store, queue } = fixture;
  const { app } = createBoard({ store, queues: [queue], ...options } as BoardOptions);
  const response = await ask(app, `http://localhost/api/queues${path}`);
  expect(response.status).toBe(200);
  return response.json();
}
const jobPage = async (jobId: string, options = {}) =>
  (await get(`/default/${jobId}`, options)).job;
const calls = (jobId: string, options = {}): Promise<string[]> =>
  get(`/default/${jobId}/logs`, options);

describe("a job page", () => {
  it("shows a recovering run: its attempt, and which calls earlier attempts recorded", async () => {
    const jobId = await fixture.add({
      runId: "recovering",
      input: { sku: "b-1", cents: 1999n },
      attempts: [
        [
          succeeded({ slot: 0, result: { paymentId: "p-1" } }),
          pending({ slot: 1, functionId: "stock.reserve" }),
        ],
        [
          succeeded({
            slot: 1,
            functionId: "stock.reserve",
            attempt: 2,
            reconciled: true,
            tookMs: 1530,
          }),
          pending({ slot: 2, functionId: "mail.send", attempt: 2 }),
        ],
      ],
    });

    const job = await jobPage(jobId);

    expect(job).toMatchObject({
      id: "run-recovering",
      name: "place-order · recovering · RUNNING",
      attempts: 2,
      data: {
        run: { id: "recovering", action: "place-order", status: "RUNNING", attempt: 2 },
        input: { sku: "b-1", cents: "1999n" },
        calls: "3: 2 succeeded, 1 pending, 1 replayed, 1 reconciled",
        table: [
          "slot  function         status        took  recorded",
          "   0  payments.charge  SUCCEEDED    12 ms  attempt 1, replayed",
          "   1  stock.reserve    SUCCEEDED    1.5 s  attempt 2, reconciled",
          "   2  mail.send        PENDING             attempt 2, started",
        ],
      },
    });
    expect(await calls(jobId)).toEqual([
      "slot  function         status        took  recorded",
      '   0  payments.charge  SUCCEEDED    12 ms  attempt 1, replayed  → {"paymentId":"p-1"}',
      "   1  stock.reserve    SUCCEEDED    1.5 s  attempt 2, reconciled  → undefined",
      "   2  mail.send        PENDING             attempt 2, started",
    ]);
  });

  it("shows a failed run: its error, and the call that failed", async () => {
    const error = Object.assign(new Error("no funds"), { name: "CardDeclined", code: "DECLINED" });
    const jobId = await fixture.add({
      runId: "failing",
      attempts: [[failed({ slot: 0, error })]],
      error,
    });

    const job = await jobPage(jobId);

    expect(job).toMatchObject({
      name: "place-order · failing · FAILED",
      isFailed: true,
      failedReason: "CardDeclined: no funds",
      data: {
        error: { name: "CardDeclined", message: "no funds", code: "DECLINED" },
        calls: "1: 1 failed",
      },
    });
    expect((await calls(jobId))[1]).toMatch(/FAILED .* error: CardDeclined: no funds$/);
  });

  it("shows a succeeded run's output, and says why it has no calls", async () => {
    const jobId = await fixture.add({
      runId: "done",
      attempts: [[succeeded({ slot: 0 })]],
      output: { paymentId: "p-1" },
    });

    const job = await jobPage(jobId);

    expect(job.data).toMatchObject({
      run: { status: "SUCCEEDED" },
      output: { paymentId: "p-1" },
      calls: "dropped when the run succeeded",
    });
    expect(await calls(jobId)).toEqual([]);
  });

  it("shows a long journal by its ends, fast", async () => {
    const recorded = Array.from({ length: 10_000 }, (_, slot) =>
      succeeded({ slot, result: { text: "x".repeat(100) } }),
    );
    const jobId = await fixture.add({ runId: "long", attempts: [recorded] });

    const begun = performance.now();
    const [job, lines] = await Promise.all([jobPage(jobId), calls(jobId)]);

    expect(performance.now() - begun).toBeLessThan(5000);
    expect(job.data.calls).toBe("10000: 10000 succeeded");
    expect(job.data.table).toHaveLength(202);
    expect(lines).toHaveLength(1002);
    expect(lines[501]).toBe("… 9000 more calls between …");
    expect(lines.at(-1)).toMatch(/^9999 {2}/);
  });

  it("hides secrets in the input, the calls and the outcome", async () => {
    const error = Object.assign(new Error("refused"), { token: "t-1" });
    const jobId = await fixture.add({
      runId: "secret",
      input: { user: "ada", password: "hunter2" },
      attempts: [[succeeded({ slot: 0, result: { apiKey: "k-1" } })]],
      error,
    });

    const shown = JSON.stringify([
      await jobPage(jobId),
      await calls(jobId),
      await get("?activeQueue=default"),
    ]);

    for (const secret of ["hunter2", "k-1", "t-1"]) expect(shown).not.toContain(secret);
    expect(shown).toContain("ada");
  });

  it("hides what its redact option says", async () => {
    const jobId = await fixture.add({
      runId: "hidden",
      input: { user: "ada" },
      error: new Error("ada is broke"),
    });
    const redact = (path: readonly string[]) => ["input", "error"].includes(path.join("."));

    const job = await jobPage(jobId, { redact });

    expect(job).toMatchObject({
      failedReason: "[redacted]",
      data: { input: "[redacted]", error: "[redacted]" },
    });
  });
});

describe("hostile and missing data", () => {
  it("shows bytes that nobody can read as such, and everything else", async () => {
    const jobId = await fixture.add({
      runId: "hostile",
      attempts: [
        [
          withPayload({ slot: 0 }, Uint8Array.of(1, 0xdf, 0xff, 0xff, 0xff, 0xff)),
          withPayload({ slot: 1 }, Uint8Array.of()),
          succeeded({ slot: 2, functionId: "a\u202eb\n<script>alert(1)</script>", result: "<b>" }),
        ],
      ],
    });

    const lines = await calls(jobId);

    expect(lines[1]).toMatch(/→ "unreadable: stored value of 6 bytes 01dfffffffff/);
    expect(lines[2]).toMatch(/→ "unreadable: stored value of 0 bytes/);
    expect(lines[3]).toContain("a\\u202eb");
  });

  it("says when a job's run is gone, and shows what the job has", async () => {
    const jobId = await fixture.addJob("gone", { incarnation: 0 });

    const job = await jobPage(jobId);

    expect(job.name).toContain("no run gone is stored");
    expect(job.data.job).toMatchObject({ runId: "gone", preview: "{}" });
    expect(await calls(jobId)).toEqual([
      "error: no run gone is stored: it expired, or was never created",
    ]);
  });

  it("says when a job belongs to no run, or its run cannot be read", async () => {
    const strange = await fixture.addJob("strange", { runId: 7 });
    const broken = await fixture.addJob("broken", { incarnation: 0 });
    const store = { read: () => Promise.reject(new Error("Redis is gone")) };

    expect((await jobPage(strange)).data.problem).toBe("this job belongs to no run");
    expect((await jobPage(broken, { store })).data.problem).toBe("unreadable: Redis is gone");
  });

  it("shows the run when only its calls cannot be read", async () => {
    const jobId = await fixture.add({ runId: "half", input: { user: "ada" } });
    const store: RunReader = {
      read: (runId, options) =>
        options?.calls
          ? Promise.reject(new Error("slot 3: cut off"))
          : fixture.store.read(runId, options),
    };

    const job = await jobPage(jobId, { store });

    expect(job.data).toMatchObject({
      input: { user: "ada" },
      calls: "unreadable: slot 3: cut off",
    });
    expect(await calls(jobId, { store })).toEqual(["error: unreadable: slot 3: cut off"]);
  });
});

describe("a job list", () => {
  it("names each job by action, run and status, without its calls", async () => {
    const { queues } = await get("?activeQueue=default&jobsPerPage=50");
    const names = queues[0].jobs.map((job: { name: string }) => job.name);
    const recovering = queues[0].jobs.find((job: { id: string }) => job.id === "run-recovering");

    expect(names).toContain("place-order · recovering · RUNNING");
    expect(names).toContain("place-order · failing · FAILED");
    expect(recovering.data).not.toHaveProperty("table");
  });
});
