import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, inject, it } from "vitest";
import { runIn } from "../src/programs.js";

const consumer = inject("consumer");
const entries = inject("packages").flatMap((packed) => packed.entries);

/** Runs a script in the consumer and gives what it printed as JSON. */
function printed(fileName: string, text: string, ...flags: string[]): unknown {
  writeFileSync(join(consumer, fileName), text);
  const { ok, output } = runIn(consumer, process.execPath, [...flags, fileName]);
  if (!ok) throw new Error(output);
  return JSON.parse(output);
}

describe.each(entries)("%s", (entry) => {
  it("gives import and require the same names", () => {
    const names = "Object.keys(it).filter((name) => !/^(default|__esModule|module\\.exports)$/.test(name)).sort()";
    const imported = printed("names.mjs", `import * as it from "${entry}"; console.log(JSON.stringify(${names}));`);
    const required = printed("names.cjs", `const it = require("${entry}"); console.log(JSON.stringify(${names}));`);
    expect(imported).toEqual(required);
    expect(imported).not.toEqual([]);
  });

  // A class of the CommonJS build once printed as `_class10`, and its code was rewritten for engines of ten years ago.
  it("gives classes the names by which they are known, in both formats alike", () => {
    const names =
      'Object.values(it).filter((one) => typeof one === "function" && /^class/.test(String(one))).map((one) => one.name).sort()';
    const imported = printed("classes.mjs", `import * as it from "${entry}"; console.log(JSON.stringify(${names}));`);
    const required = printed("classes.cjs", `const it = require("${entry}"); console.log(JSON.stringify(${names}));`);
    expect(new Set(required as string[])).toEqual(new Set(imported as string[]));
    expect((required as string[]).filter((name) => /^_class/.test(name))).toEqual([]);
  });
});

describe("a default import compiled to CommonJS", () => {
  // What TypeScript (esModuleInterop) and Babel make of `import name from "..."`.
  const head =
    "const imported = (name) => ((it) => (it && it.__esModule ? it : { default: it }))(require(name)).default;";
  const kinds = (expressions: string) =>
    `${head} console.log(JSON.stringify([${expressions}].map((one) => typeof one)));`;

  it("is the server's function, with the classes", () => {
    const socketio = 'imported("@sockeye/socketio-server")';
    const code = kinds(`${socketio}, ${["Server", "Namespace", "Socket"].map((name) => `${socketio}.${name}`)}`);
    expect(printed("default.cjs", code)).toEqual(Array(4).fill("function"));
    const made = `${head} const io = new (${socketio}.Server)(); io.close(); console.log(JSON.stringify(typeof io.on));`;
    expect(printed("default.cjs", made)).toBe("function");
  });

  it("is the client's function, with the classes", () => {
    const client = 'imported("@sockeye/client")';
    const code = kinds(`${client}, ${["io", "connect", "Manager", "Socket"].map((name) => `${client}.${name}`)}`);
    expect(printed("default.cjs", code)).toEqual(Array(5).fill("function"));
  });

  it("is the Redis adapter's function", () => {
    const adapter = 'imported("@sockeye/redis-adapter")';
    const code = kinds(`${adapter}, ${["createAdapter", "createShardedAdapter"].map((name) => `${adapter}.${name}`)}`);
    expect(printed("default.cjs", code)).toEqual(Array(3).fill("function"));
  });
});

it("a default import of an ES module is the server's function, with the classes", () => {
  const code = `import socketio from "@sockeye/socketio-server"; import * as all from "@sockeye/socketio-server";
    console.log(JSON.stringify(["Server", "Namespace", "Socket"].map((name) => socketio[name] === all[name])));`;
  expect(printed("default.mjs", code)).toEqual([true, true, true]);
});

// Jest with jsdom has both conditions. `ws` then gives its browser's half, which has no class, and our Node build stood on it.
it("gives the browser's build where a browser and Node.js are asked for", () => {
  const resolve = `const found = ${JSON.stringify(entries)}.map((entry) => resolve(entry));`;
  const print = 'console.log(JSON.stringify(found.filter((path) => path.includes("/node/"))));';
  const importing = `const { resolve } = import.meta; ${resolve} ${print}`;
  const requiring = `const { resolve } = require; ${resolve} ${print}`;
  expect(printed("resolve.mjs", importing, "--conditions=browser")).toEqual([]);
  expect(printed("resolve.cjs", requiring, "--conditions=browser")).toEqual([]);
  expect(printed("resolve.mjs", importing)).not.toEqual([]);
  expect(printed("resolve.cjs", requiring)).not.toEqual([]);
});

/** One event there, one acknowledgement back, over both transports, with the packages as installed. */
const roundTrip = `
  const http = createServer();
  const server = new Server(http);
  server.on("connection", (socket) => socket.on("add", (a, b, reply) => reply(a + b)));
  http.listen(0, "127.0.0.1", async () => {
    const results = [];
    for (const transport of ["polling", "websocket"]) {
      const socket = io("http://127.0.0.1:" + http.address().port, { transports: [transport], forceNew: true });
      results.push(await socket.timeout(5000).emitWithAck("add", 2, 3));
      socket.disconnect();
    }
    console.log(JSON.stringify(results));
    server.close();
  });
`;

describe("a server and a client as installed", () => {
  it("meet as ES modules", () => {
    const head = `
      import { createServer } from "node:http";
      import { Server } from "@sockeye/socketio-server";
      import { io } from "@sockeye/client";
    `;
    expect(printed("meet.mjs", head + roundTrip)).toEqual([5, 5]);
  });

  it("meet as CommonJS modules", () => {
    const head = `
      const { createServer } = require("node:http");
      const { Server } = require("@sockeye/socketio-server");
      const { io } = require("@sockeye/client");
    `;
    expect(printed("meet.cjs", head + roundTrip)).toEqual([5, 5]);
  });

  it.each([
    ["commonjs", "cjs", ""],
    // `ws` requires what belongs to Node.js.
    ["module", "esm", 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'],
  ] as const)("meet in one file of a bundler's, a %s", async (type, format, js) => {
    const head = `
      import { createServer } from "node:http";
      import { Server } from "@sockeye/socketio-server";
      import { io } from "@sockeye/client";
    `;
    const { outputFiles } = await build({
      stdin: { contents: head + roundTrip, resolveDir: consumer },
      bundle: true,
      platform: "node",
      format,
      banner: { js },
      logLevel: "error",
      write: false,
    });
    expect(printed(`bundled.${type === "module" ? "mjs" : "cjs"}`, outputFiles[0]!.text)).toEqual([5, 5]);
  });
});
