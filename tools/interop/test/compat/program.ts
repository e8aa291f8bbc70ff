import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Programs that need processes of their own: bundled from source, with `socket.io` replaced by our server where asked. */

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  /** Where it listens, as it told its parent. */
  readonly port: number;
  end(): Promise<void>;
}

/** Bundles `test/compat/programs/NAME.ts` and runs it until it has sent `{ port }`. */
export async function start(name: string, alias: Record<string, string> = {}): Promise<Program> {
  mkdirSync(here("../../.tmp/"), { recursive: true });
  const outfile = here(`../../.tmp/${name}.cjs`);
  await build({
    entryPoints: [here(`./programs/${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["sockeye-source"],
    define: { "import.meta.url": "importMetaUrl" },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    external: OPTIONAL,
    alias,
    outfile,
    logLevel: "error",
  });
  const child = fork(outfile, { serialization: "advanced" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.on("message", (message: { port?: number }) => message.port !== undefined && resolve(message.port));
    child.once("exit", (code) => reject(new TypeError(`the program ended with ${code}`)));
  });
  return {
    child,
    port,
    end: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** What NestJS and `ws` look for at run time and do without. */
const OPTIONAL = [
  "bufferutil",
  "utf-8-validate",
  "@nestjs/microservices",
  "@nestjs/microservices/*",
  "class-transformer",
  "class-transformer/*",
  "class-validator",
  "uWebSockets.js",
];
