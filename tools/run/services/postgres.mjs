/**
 * A PostgreSQL of our own for one run: loopback, a free port, a data folder that goes away. It refuses to run as root;
 * then another user of the machine runs it.
 */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { atTheEnd, run, start, stop } from "../child.mjs";
import { findProgram, installPackage } from "./debian.mjs";
import { answers, freePort, until } from "./loopback.mjs";

const installed = "/usr/lib/postgresql";

/** The folder with initdb and postgres: the newest of Debian's, else wherever PATH has them. */
function programs() {
  const versions = existsSync(installed) ? readdirSync(installed).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  const folder = newest === undefined ? undefined : join(installed, newest, "bin");
  if (folder !== undefined && existsSync(join(folder, "initdb"))) return folder;
  const onPath = findProgram("initdb");
  return onPath === undefined ? undefined : dirname(onPath);
}

/** Whom to run it as: nobody else when we are not root. */
function otherUser() {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = ["postgres", "nobody"].map((name) => lines.find((entry) => entry.startsWith(`${name}:`))).find(Boolean);
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}

/** @type {import("./service.mjs").Service} */
export const postgres = {
  name: "postgres",
  variable: "POSTGRES_URL",
  advice: "install Debian's postgresql, or set POSTGRES_URL to a database that may be written to",

  isAnswering: (url) => answers(new URL(url).hostname, Number(new URL(url).port || 5432)),

  async start(say) {
    let bin = programs();
    if (bin === undefined && (await installPackage("postgresql", say))) bin = programs();
    if (bin === undefined) return undefined;

    const user = otherUser();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-postgres-"));
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
    const remove = () => rmSync(folder, { recursive: true, force: true });
    atTheEnd(remove);
    const data = join(folder, "data");
    const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" }, ...user };

    const initArgs = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"];
    const made = spawnSync(join(bin, "initdb"), initArgs, { ...options, encoding: "utf8", timeout: 60_000 });
    if (made.status !== 0) {
      say(`initdb: ${(made.stderr ?? "").trim().split("\n").at(-1)}`);
      remove();
      return undefined;
    }

    const port = await freePort();
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
      max_connections: "100",
    };
    const serverArgs = ["-D", data, "-p", `${port}`];
    for (const [key, value] of Object.entries(settings)) serverArgs.push("-c", `${key}=${value}`);
    const child = start(join(bin, "postgres"), serverArgs, { ...options, stdio: "ignore" });
    const ready = join(bin, "pg_isready");
    const up = await until(async () => {
      const asked = await run(ready, ["-q", "-h", "127.0.0.1", "-p", `${port}`], { cwd: folder, timeoutMs: 5000 });
      return asked.ok;
    }, 20_000);
    const close = async () => {
      // SIGINT is PostgreSQL's "fast" shutdown: it does not wait for clients to leave.
      await stop(child, { signal: "SIGINT" });
      remove();
    };
    if (up) return { address: `postgres://postgres@127.0.0.1:${port}/postgres`, detail: `pid ${child.pid}`, close };
    await close();
    return undefined;
  },
};
