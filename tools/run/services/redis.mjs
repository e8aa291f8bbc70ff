/** A Redis of our own for one run: loopback, a free port, nothing kept. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atTheEnd, start, stop } from "../child.mjs";
import { findProgram, installPackage } from "./debian.mjs";
import { answers, freePort, until } from "./loopback.mjs";

/** @type {import("./service.mjs").Service} */
export const redis = {
  name: "redis",
  variable: "REDIS_URL",
  advice: "install Debian's redis-server, or set REDIS_URL to a server that may be written to",

  isAnswering: (url) => answers(new URL(url).hostname, Number(new URL(url).port || 6379)),

  async start(say) {
    let program = findProgram("redis-server");
    if (program === undefined && (await installPackage("redis-server", say))) program = findProgram("redis-server");
    if (program === undefined) return undefined;

    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-redis-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    atTheEnd(remove);
    const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--save", "", "--appendonly", "no"];
    const child = start(program, args, { cwd: folder, stdio: "ignore" });
    const up = await until(() => answers("127.0.0.1", port), 10_000);
    const close = async () => {
      await stop(child);
      remove();
    };
    if (up) return { address: `redis://127.0.0.1:${port}`, detail: `pid ${child.pid}`, close };
    await close();
    return undefined;
  },
};
