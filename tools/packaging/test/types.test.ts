import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { runInstalled } from "../src/programs.js";

const consumer = inject("consumer");
const entries = inject("packages").flatMap((packed) => packed.entries);

/** A small program with typed events on both ends, and a look at every other entry. */
const program = `
import { createServer } from "node:http";
import { Server } from "@sockeye/socketio-server";
import { io, type Socket } from "@sockeye/client";
${entries.map((entry, index) => `import * as entry${index} from "${entry}";`).join("\n")}

interface ClientEvents { add(a: number, b: number, reply: (sum: number) => void): void }
interface ServerEvents { news(text: string, bytes: Uint8Array): void }

const server = new Server<ClientEvents, ServerEvents>(createServer());
server.on("connection", (socket) => {
  socket.on("add", (a, b, reply) => reply(a + b));
  socket.emit("news", "hello", new Uint8Array(1));
  // @ts-expect-error: an event that was never declared
  socket.emit("olds", "hello");
});

const socket: Socket<ServerEvents, ClientEvents> = io("http://localhost");
socket.on("news", (text, bytes) => text.length + bytes.byteLength);
const sum: Promise<number> = socket.emitWithAck("add", 1, 2);
// @ts-expect-error: an argument of the wrong type
socket.emit("add", "1", 2, () => {});

export const all = [server, sum, ${entries.map((_, index) => `entry${index}`).join(", ")}];
`;

/** Default imports and namespaces of types as many applications and libraries have them. */
const defaults = `
import { createServer } from "node:http";
import connect, { type Socket } from "@sockeye/client";
import type { Socket as LeanSocket } from "@sockeye/client/websocket";
import createIo from "@sockeye/socketio-server";

const options: Partial<createIo.ServerOptions> = { pingInterval: 1000 };
const first: createIo.Server = new createIo.Server(createServer(), options);
const second: createIo.Server = createIo(createServer(), options);
const root: createIo.Namespace = second.of("/");
first.on("connection", (socket: createIo.Socket) => {
  const nsp: createIo.Namespace = socket.nsp;
  socket.on("disconnect", (reason: createIo.DisconnectReason) => [reason, nsp]);
});

const socket: Socket = connect("http://localhost");
const reason: Socket.DisconnectReason & LeanSocket.DisconnectReason = "ping timeout";
// @ts-expect-error: no reason
const other: Socket.DisconnectReason = "boredom";
export const all = [root, first instanceof createIo.Server, socket, reason, other];
`;

const common = { strict: true, noEmit: true, target: "ES2022", lib: ["ES2022", "DOM"], types: ["node"] };

describe("a TypeScript project that checks the declarations it uses (skipLibCheck off)", () => {
  it.each([
    ["Node, ES module", "program.mts", { module: "node16", moduleResolution: "node16" }],
    ["Node, CommonJS", "program.cts", { module: "node16", moduleResolution: "node16" }],
    ["Node, latest rules", "program.mts", { module: "nodenext", moduleResolution: "nodenext" }],
    ["CommonJS, classic", "program.ts", { module: "commonjs", moduleResolution: "node10", esModuleInterop: true }],
    ["bundler", "program.ts", { module: "esnext", moduleResolution: "bundler" }],
  ])("compiles: %s", (title, fileName, options) => {
    const config = `tsconfig.${title.replaceAll(/\W+/g, "-")}.json`;
    writeFileSync(join(consumer, fileName), program);
    writeFileSync(join(consumer, `defaults-${fileName}`), defaults);
    const files = [fileName, `defaults-${fileName}`];
    writeFileSync(join(consumer, config), JSON.stringify({ compilerOptions: { ...common, ...options }, files }));
    const { ok, output } = runInstalled(consumer, "typescript/bin/tsc", ["-p", config]);
    expect(ok, output).toBe(true);
  });
});
