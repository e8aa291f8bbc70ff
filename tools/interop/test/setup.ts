import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { gather, markdown, summary } from "../src/report.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Folder in which the test files leave the outcomes of their cells. */
    interopOutcomes: string;
  }
}

/** Before the first file: a folder for outcomes. After the last: the report, also to the file that INTEROP_REPORT names. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-interop-"));
  project.provide("interopOutcomes", folder);
  return () => {
    const all = gather(folder);
    rmSync(folder, { recursive: true });
    if (all.length === 0) return;
    console.log(`\n${summary(all)}`);
    const file = process.env.INTEROP_REPORT;
    if (file) writeFileSync(file, markdown(all));
  };
}
