// `node health-check.js URL`: exits 0 when the URL answers well. What a container engine runs to ask after a service.
const [url = ""] = process.argv.slice(2);
const reply = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);

process.exitCode = reply?.ok ? 0 : 1;
