/** Runs the rules of `.dependency-cruiser.cjs` over a folder and says which file breaks which rule. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../../", import.meta.url));

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** Lines of the form `<rule>: <file>`, each once, sorted. */
export function brokenRules(folder: string): string[] {
  const cruiser = join(repository, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = join(repository, ".dependency-cruiser.cjs");
  const groups = ["packages", "tools"].filter((group) => existsSync(join(folder, group)));
  const args = [cruiser, "--config", config, "--output-type", "json", ...groups];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", timeout: 30_000 });
  if (stdout === "") throw new Error(`the cruiser said nothing: ${stderr}`);
  const { summary } = JSON.parse(stdout) as Report;
  if (summary.totalCruised === 0) throw new Error("nothing was cruised");
  return [...new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`))].sort();
}
