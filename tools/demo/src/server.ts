import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@sockeye/socketio-server";
import { type ChatServer, openChat } from "./chat.js";
import { readSettings, type Settings, UsageError } from "./command-line.js";
import { servePage } from "./page.js";
import { limits } from "./untrusted.js";

/** The main job: serves the page and its chat until it is told to stop. */

/** Base64 (polling) makes a third more of a picture; the packet around it is small. */
const LARGEST_MESSAGE = Math.ceil(limits.picture * 1.4) + 10_000;

function build(): { http: HttpServer; io: ChatServer } {
  const http = createServer(servePage(new URL("../public/", import.meta.url)));
  const io: ChatServer = new Server(http, {
    maxHttpBufferSize: LARGEST_MESSAGE,
    pingInterval: 5_000,
    pingTimeout: 5_000,
  });
  openChat(io);
  return { http, io };
}

function listen(http: HttpServer, { host, port }: Settings): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => resolve(http.address() as AddressInfo));
  });
}

/** What to tell a person when the address cannot be had. */
function whyNot(error: NodeJS.ErrnoException, { host, port }: Settings): string {
  if (error.code === "EADDRINUSE") {
    return `Port ${port} of ${host} is in use. Choose another (PORT=${port + 1} npm start), or let one be picked (PORT=0 npm start).`;
  }
  if (error.code === "EACCES") return `Port ${port} of ${host} is not ours to use. Choose one above 1023.`;
  return `Cannot listen on port ${port} of ${host}: ${error.message}`;
}

function url({ address, port, family }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings.help) {
    console.log(readFileSync(new URL("../help.txt", import.meta.url), "utf8").trimEnd());
    return;
  }
  const { http, io } = build();
  const stop = () => void io.close().then(() => process.exit(0));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    console.log(`The Sockeye demo is at ${url(await listen(http, settings))} (Ctrl-C stops it)`);
  } catch (error) {
    console.error(whyNot(error as NodeJS.ErrnoException, settings));
    process.exit(1);
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message} See --help.`);
  process.exitCode = 2;
}
