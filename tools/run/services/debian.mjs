/** Programs that the tests need from the system: found where they are, or installed from Debian where that is allowed. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../child.mjs";
import { root } from "../repository.mjs";

/** Where Debian puts servers that are not on an ordinary user's PATH. */
const moreFolders = ["/usr/local/bin", "/usr/bin", "/usr/sbin"];

/** @param {string[]} names in order of preference */
export function findProgram(...names) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...moreFolders];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}

/** The words to put before apt-get, or undefined where nobody allowed us to install. */
function administrator() {
  if (findProgram("apt-get") === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram("sudo");
  if (sudo !== undefined && spawnSync(sudo, ["-n", "true"], { stdio: "ignore" }).status === 0) return [sudo, "-n"];
  return undefined;
}

/**
 * Installs a Debian package without asking anything. RUNLEVEL=1 keeps the package from starting its own service.
 * @param {string} name
 * @param {(line: string) => void} say
 */
export async function installPackage(name, say) {
  const words = administrator();
  if (words === undefined) return false;
  say(`installing Debian's ${name} with apt-get`);
  const env = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get"];
  const apt = (/** @type {string[]} */ ...args) => {
    const [command = "env", ...rest] = [...words, ...env, ...args];
    return run(command, rest, { cwd: root, timeoutMs: 240_000 });
  };
  const install = () => apt("install", "--yes", "--no-install-recommends", name);
  if ((await install()).ok) return true;
  await apt("update");
  return (await install()).ok;
}
