/** Once per run: packs the packages, installs the tarballs into a project of its own, and removes it at the end. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installConsumer } from "../../packaging/src/consumer.js";
import { pack, publishedFolders } from "../../packaging/src/packed.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the project, with `programs/` in it. */
    consumer: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-runtimes-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const consumer = join(folder, "consumer");
    installConsumer(
      consumer,
      publishedFolders().map((short) => pack(short, folder)),
    );
    cpSync(join(import.meta.dirname, "..", "programs"), join(consumer, "programs"), { recursive: true });
    project.provide("consumer", consumer);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}
