/** Two seeds that stay, and one that is new each time and stands in the test's title; REFRAIN_SEED repeats that one. */
export const seeds: readonly number[] = [
  20_301,
  77_003,
  Number(process.env["REFRAIN_SEED"] ?? Math.floor(Math.random() * 2 ** 31)),
];

/** REFRAIN_RUNS makes a long night of it. */
export const runsPerSeed = Number(process.env["REFRAIN_RUNS"] ?? 200);
