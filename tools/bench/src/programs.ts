/** The programs of `subjects/`, bundled when they are first needed, for each checkout that takes part. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { root } from "../../run/repository.mjs";
import { bundle, output } from "../bundle.mjs";

const sources = join(root, "tools/bench/src/subjects");

export class Programs {
  readonly #bundled = new Set<string>();
  readonly #checkouts = new Map<string, string>([["", root]]);

  /** Implementations of `against` have its folder's name as their label. */
  constructor(against: string | undefined) {
    if (against === undefined) return;
    const checkout = resolve(against);
    if (!existsSync(join(checkout, "packages"))) throw new Error(`${checkout} is not a checkout of this repository`);
    this.#checkouts.set(basename(checkout), checkout);
  }

  get labels(): string[] {
    return [...this.#checkouts.keys()].filter((label) => label !== "");
  }

  /** Of a label that is no checkout's: this one. */
  checkoutOf(label: string): string {
    return this.#checkouts.get(label) ?? root;
  }

  /** The folder with the programs of an implementation, all of them there. */
  async folderFor(label: string, programs: readonly string[]): Promise<string> {
    const known = this.#checkouts.has(label) ? label : "";
    const folder = join(output, "programs", known === "" ? "here" : known);
    for (const program of programs) {
      const key = `${known}/${program}`;
      if (this.#bundled.has(key)) continue;
      await bundle({ [program]: join(sources, `${program}.ts`) }, folder, this.checkoutOf(known));
      this.#bundled.add(key);
    }
    return folder;
  }
}
