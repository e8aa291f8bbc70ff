/** Puts the client's builds where `serveClient` finds them: `client-dist/`, beside the code. */
import { cp, mkdir, readdir, rm } from "node:fs/promises";

const from = new URL("../client/dist/bundles/", import.meta.url);
const to = new URL("./client-dist/", import.meta.url);
const WANTED = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

const there = new Set(await readdir(from).catch(() => []));
const missing = WANTED.filter((file) => !there.has(file));
if (missing.length > 0) {
  console.error(`client builds are missing: ${missing.join(", ")}. Build @sockeye/client first.`);
  process.exit(1);
}
await rm(to, { recursive: true, force: true });
await mkdir(to);
for (const file of WANTED.flatMap((name) => [name, `${name}.map`])) {
  if (there.has(file)) await cp(new URL(file, from), new URL(file, to));
}
