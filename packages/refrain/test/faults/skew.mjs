// Loaded before anything else: this process's wall clock is wrong by SKEW_MS from its start on.
const shift = Number(process.env.SKEW_MS ?? 0);
const { now } = Date;
Date.now = () => now() + shift;
