/** Once per run: packs every package, installs them into a consumer, and removes all of it at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installConsumer } from "./consumer.js";
import { type Packed, pack, publishedFolders } from "./packed.js";

declare module "vitest" {
  interface ProvidedContext {
    packages: readonly Packed[];
    consumer: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-packaging-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const packages = publishedFolders().map((short) => pack(short, folder));
    const consumer = join(folder, "consumer");
    installConsumer(consumer, packages);
    project.provide("packages", packages);
    project.provide("consumer", consumer);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}
