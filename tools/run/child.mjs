/**
 * Child processes with an owner: each runs in a process group of its own, is known here by its id until it ended, and
 * is ended with everything it started when this process ends, whatever the way.
 */
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";

const posix = process.platform !== "win32";

/** @type {Set<import("node:child_process").ChildProcess>} */
const alive = new Set();

/** @type {(() => void)[]} */
const lastActs = [];

/** Set when this process was told to end: what its children report from then on is of no interest. */
let interrupted = false;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 */
export function start(command, args, options) {
  const child = spawn(command, args, { detached: posix, ...options });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  child.once("error", () => alive.delete(child));
  return child;
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (posix) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended between the question and the signal.
  }
}

/**
 * Asks a process to end, and ends it when it does not within `graceMs`.
 * @param {import("node:child_process").ChildProcess} child
 * @param {{ signal?: NodeJS.Signals, graceMs?: number }} [options]
 */
export async function stop(child, { signal = "SIGTERM", graceMs = 5000 } = {}) {
  if (!alive.has(child)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  signalGroup(child, signal);
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  await ended;
  clearTimeout(timer);
}

/**
 * Runs a program to its end. Its output goes to a log file (and to the terminal with `echo`); standard input is closed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, log?: string, echo?: boolean, timeoutMs?: number }} options
 * @returns {Promise<{ ok: boolean, output: string, reason: string }>} `reason` says why it is not ok
 */
export function run(command, args, { cwd, env = process.env, log, echo = false, timeoutMs = 300_000 }) {
  return new Promise((resolve) => {
    const child = start(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let timedOut = false;
    if (log !== undefined) writeFileSync(log, `$ ${command} ${args.join(" ")}\n`);
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      if (log !== undefined) appendFileSync(log, chunk);
      if (echo) process.stdout.write(chunk);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    const timer = setTimeout(() => {
      timedOut = true;
      void stop(child);
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, output, reason: error.message });
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (interrupted) return;
      const reason = timedOut ? `not done after ${timeoutMs / 1000} s` : `exit ${code ?? signal}`;
      resolve({ ok: code === 0 && !timedOut, output, reason });
    });
  });
}

/**
 * Registers synchronous clean-up for the end of this process (temporary folders, say).
 * @param {() => void} act
 */
export function atTheEnd(act) {
  lastActs.push(act);
}

let ending = false;

/** Ends what is still running, newest first. Called on every way out. */
function endEverything() {
  if (ending) return;
  ending = true;
  for (const child of [...alive].reverse()) signalGroup(child, "SIGKILL");
  for (const act of lastActs.reverse()) act();
}

process.once("exit", endEverything);

for (const [signal, number] of /** @type {const} */ ([
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
])) {
  process.once(signal, async () => {
    interrupted = true;
    console.log(`\n${signal}: stopping what was started here`);
    await Promise.all([...alive].map((child) => stop(child)));
    process.exit(128 + number);
  });
}
