/** Finds what a Markdown page points at: files named in code spans, and links to other files of the repository. */

/** A heading such as "### `packages/client`" says where the file names below it stand. */
const heading = /^#{2,4} .*`((?:packages|tools)\/[\w-]+)`/;
const codeSpan = /`([^`\s]+)`/g;
const looksLikeFile = /^[\w.@-]+(\/[\w.@-]+)*(\/|\.(ts|mjs|cjs|js|json|md|yaml|html|txt))$/;
const link = /\]\((?!https?:|mailto:|#)([^)#\s]+)/g;

/**
 * Places to look at for each name: a name below a package's heading may be relative to its `src`, to the package, or to
 * the folder that the list item is about; any name may be relative to the repository. Names with a wildcard are prose.
 */
export function namedPaths(markdown: string): { name: string; places: string[] }[] {
  const found: { name: string; places: string[] }[] = [];
  let base: string | undefined;
  let folder = "";
  let inFence = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) inFence = !inFence;
    if (inFence) continue;
    if (line.startsWith("#")) base = heading.exec(line)?.[1];
    if (line.startsWith("- ") || line === "") folder = /^- `([^`]+\/)`/.exec(line)?.[1] ?? "";
    for (const [, name = ""] of line.matchAll(codeSpan)) {
      if (!looksLikeFile.test(name)) continue;
      const near = base === undefined ? [] : [`${base}/src/${folder}${name}`, `${base}/src/${name}`, `${base}/${name}`];
      found.push({ name, places: [...near, name] });
    }
  }
  return found;
}

/** Targets of relative links, as written. */
export function relativeLinks(markdown: string): string[] {
  return [...markdown.matchAll(link)].map(([, target = ""]) => target);
}
