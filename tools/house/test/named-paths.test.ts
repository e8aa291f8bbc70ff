/** The map of the house stays true: what the pages name is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";
import { namedPaths, relativeLinks } from "../src/named-paths.js";

const pages = [
  ...readdirSync(repository).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(repository, "docs"), { recursive: true })
    .map((name) => `docs/${name}`)
    .filter((name) => name.endsWith(".md") && !name.startsWith("docs/api/")),
  ...["packages", "tools"].flatMap((group) =>
    readdirSync(join(repository, group))
      .map((name) => `${group}/${name}/README.md`)
      .filter((name) => existsSync(join(repository, name))),
  ),
];
const text = (page: string) => readFileSync(join(repository, page), "utf8");

describe("ARCHITECTURE.md", () => {
  const architecture = text("ARCHITECTURE.md");

  it("names many files, and all of them are there", () => {
    const named = namedPaths(architecture);
    expect(named.length).toBeGreaterThan(80);
    const missing = named.filter(({ places }) => !places.some((place) => existsSync(join(repository, place))));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("has a section for every package and tool", () => {
    const folders = ["packages", "tools"].flatMap((group) =>
      readdirSync(join(repository, group)).map((name) => `${group}/${name}`),
    );
    const named = folders.filter((folder) => existsSync(join(repository, folder, "package.json")));
    const missing = named.filter((folder) => !architecture.includes(`### \`${folder}\``));
    expect(missing).toEqual([]);
  });
});

it.each(pages)("the links of %s lead somewhere", (page) => {
  const links = relativeLinks(text(page)).filter(
    (target) => !target.startsWith("docs/api") && !target.startsWith("api/"),
  );
  expect(links.filter((target) => !existsSync(join(repository, dirname(page), target)))).toEqual([]);
});

it("every page below docs stands in an index", () => {
  const indices = pages.filter((page) => /^docs\/(.+\/)?README\.md$/.test(page));
  const linked = indices.flatMap((page) => relativeLinks(text(page)).map((target) => join(dirname(page), target)));
  const below = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
  expect(below.filter((page) => !linked.includes(page))).toEqual([]);
});

describe("finding names", () => {
  it("takes code spans that look like files, and leaves words, wildcards and fences alone", () => {
    const page = [
      "Look at `a/b.ts`, `src/`, not at `Map` or `test/*.ts` or `npm test`.",
      "### `packages/client`: sockets",
      "- `engine/`: the engine, in",
      "  `session.ts`",
      "- `manager.ts`",
      "```ts",
      "`fenced.ts`",
      "```",
    ].join("\n");
    expect(namedPaths(page)).toEqual([
      { name: "a/b.ts", places: ["a/b.ts"] },
      { name: "src/", places: ["src/"] },
      {
        name: "engine/",
        places: [
          "packages/client/src/engine/engine/",
          "packages/client/src/engine/",
          "packages/client/engine/",
          "engine/",
        ],
      },
      {
        name: "session.ts",
        places: [
          "packages/client/src/engine/session.ts",
          "packages/client/src/session.ts",
          "packages/client/session.ts",
          "session.ts",
        ],
      },
      {
        name: "manager.ts",
        places: [
          "packages/client/src/manager.ts",
          "packages/client/src/manager.ts",
          "packages/client/manager.ts",
          "manager.ts",
        ],
      },
    ]);
  });

  it("takes relative links only", () => {
    expect(relativeLinks("[a](b.md#c) [d](https://x.y) [e](#f) ![g](../h.png)")).toEqual(["b.md", "../h.png"]);
  });
});
