/** Run by `npm exec --package=pnpm`: prints the path of the script behind the `pnpm` that npm put on PATH. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

for (const bin of (process.env.PATH ?? "").split(delimiter)) {
  const script = join(bin, "..", "pnpm", "bin", "pnpm.cjs");
  if (existsSync(script)) {
    console.log(script);
    process.exit(0);
  }
}
process.exit(1);
