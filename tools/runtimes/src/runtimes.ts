/** The runtimes: their programs come with the packages of their makers, and are run without any install script. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Runtime {
  readonly name: string;
  readonly program: string;
  /** What stands before the path of a script. */
  readonly flags: readonly string[];
}

const modules = join(import.meta.dirname, "..", "node_modules");
const { platform, arch } = process;

/** A program that is not there ends the tests: nothing is left out silently. */
function installed(runtime: string, program: string): string {
  if (!existsSync(program)) throw new TypeError(`${runtime} for ${platform}-${arch} is not installed: no ${program}`);
  return program;
}

function node(major: number): Runtime {
  const name = `Node.js ${major}`;
  const program = join(modules, `node-${major}-${platform}-${arch}`, "bin", "node");
  return { name, program: installed(name, program), flags: [] };
}

/** The package of a runtime's maker for this platform, beside the one that would choose it on installation. */
function platformPackage(runtime: string, scope: string): string {
  const folder = join(dirname(realpathSync(join(modules, runtime))), scope);
  const cpu = runtime === "bun" && arch === "arm64" ? "aarch64" : arch;
  const name = existsSync(folder) && readdirSync(folder).find((entry) => entry.includes(`${platform}-${cpu}`));
  if (!name) throw new TypeError(`${runtime} for ${platform}-${arch} is not installed: nothing below ${folder}`);
  return join(folder, name);
}

export const thisNode: Runtime = { name: `Node.js ${process.versions.node}`, program: process.execPath, flags: [] };
export const newerNodes: readonly Runtime[] = [node(22), node(24), node(26)];
export const bun: Runtime = {
  name: "Bun",
  program: installed("Bun", join(platformPackage("bun", "@oven"), "bin", "bun")),
  flags: ["run"],
};
export const deno: Runtime = {
  name: "Deno",
  program: installed("Deno", join(platformPackage("deno", "@deno"), "deno")),
  // The dependencies are those in node_modules; nothing is fetched.
  flags: ["run", "-A", "--no-lock", "--node-modules-dir=manual", "--cached-only"],
};
