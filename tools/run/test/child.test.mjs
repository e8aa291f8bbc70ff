import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { run } from "../child.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const node = process.execPath;

/** @param {number} pid */
function isGone(pid) {
  try {
    process.kill(pid, 0);
    // A process that ended and was not yet collected by the system still has its number.
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

describe("running a program", () => {
  it("reports success with what it printed", async () => {
    const result = await run(node, ["-e", "console.log('out'); console.error('err')"], { cwd: here });
    expect(result.ok).toBe(true);
    expect(result.output.split("\n").sort()).toEqual(["", "err", "out"]);
  });

  it("reports failure with the exit code", async () => {
    expect(await run(node, ["-e", "process.exit(3)"], { cwd: here })).toMatchObject({ ok: false, reason: "exit 3" });
  });

  it("reports a program that is not there", async () => {
    const result = await run("no-such-program", [], { cwd: here });
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining("ENOENT") });
  });

  it("ends a program that takes too long, with what it started", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      console.log(spawn("sleep", ["60"]).pid);
      setInterval(() => {}, 1000);
    `;
    const result = await run(node, ["-e", script], { cwd: here, timeoutMs: 6000 });
    expect(result).toMatchObject({ ok: false, reason: "not done after 6 s", output: expect.stringMatching(/^\d+\n$/) });
    // It was told to end, and does so in its own time.
    await vi.waitFor(() => expect(isGone(Number(result.output))).toBe(true), 10_000);
  }, 30_000);

  it("gives it no standard input to wait for", async () => {
    const script = "process.stdin.on('end', () => console.log('ended')).resume()";
    expect(await run(node, ["-e", script], { cwd: here, timeoutMs: 5000 })).toMatchObject({
      ok: true,
      output: "ended\n",
    });
  });
});

describe.each(["SIGINT", "SIGTERM"])("%s", (signal) => {
  it("stops what was started, and cleans up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-child-"));
    const script = `
      import { rmSync } from "node:fs";
      import { atTheEnd, start } from ${JSON.stringify(join(here, "..", "child.mjs"))};
      atTheEnd(() => rmSync(${JSON.stringify(folder)}, { recursive: true }));
      console.log(start("sleep", ["60"], { stdio: "ignore" }).pid);
    `;
    const owner = spawn(node, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(owner.stdout, "data");
    const ended = once(owner, "exit");
    owner.kill(/** @type {NodeJS.Signals} */ (signal));
    const [code] = await ended;
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
    await vi.waitFor(() => expect(isGone(Number(line))).toBe(true), 10_000);
    expect(() => rmSync(folder, { recursive: true })).toThrow("ENOENT");
  });
});
