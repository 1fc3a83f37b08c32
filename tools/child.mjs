// Child processes: run one to its end while passing on signals, or ask one a short question.
import { spawn, spawnSync } from "node:child_process";
import os from "node:os";

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a command with our own input and output; resolves to its exit code, 128 + n for signal n. */
export function run(command, args, { env = process.env, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env, cwd });
    const passOn = (signal) => {
      // A terminal has already sent its Ctrl-C to the whole process group.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of PASSED_ON) process.on(signal, passOn);
    const done = () => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      done();
      resolve(signal === null ? code : 128 + os.constants.signals[signal]);
    });
  });
}

/** What a command prints, trimmed, or undefined when it is missing or fails. */
export function answer(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", ...options });
  return status === 0 ? stdout.trim() : undefined;
}
