/**
 * The arrows of the house, as rules (ARCHITECTURE.md, "Packages and arrows"). `npm test -- arrows` runs them over the
 * sources, type-only imports included, and then shows on small wrong trees that each rule can fail (tools/house).
 */

/** Who may import whom among the published packages. A package that is not in this table may import none of them. */
const mayImport = {
  "engine-parser": [],
  "socketio-parser": [],
  "engine-server": ["engine-parser"],
  "adapter-base": ["socketio-parser"],
  "socketio-server": ["engine-server", "socketio-parser", "adapter-base"],
  "redis-adapter": ["adapter-base"],
  "postgres-adapter": ["adapter-base"],
  client: ["engine-parser", "socketio-parser"],
};

/** Rooms that know no runtime: no Node module in them. Where a path names a folder, all that is below it is meant. */
const pureRooms = [
  "^packages/engine-parser/src/",
  "^packages/socketio-parser/src/",
  "^packages/engine-server/src/session/",
  "^packages/adapter-base/src/",
  "^packages/client/src/",
];

/** The doors of those rooms: the side of a platform seam that is built for Node, and conformance suites (node:assert). */
const doors = ["/src/platform/node", "\\.node\\.ts$", "/src/conformance/"];

const packages = Object.keys(mayImport).join("|");

/** One rule per package, so that a failure names the package whose arrow was drawn wrongly. */
const arrows = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  comment: `${name} may import ${allowed.length === 0 ? "no other package" : allowed.join(", ")}`,
  severity: "error",
  from: { path: `^packages/${name}/src/` },
  to: { path: "^packages/", pathNot: [`^packages/(${[name, ...allowed].join("|")})/`] },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: "arrow-unknown-package",
      comment: "every published package has its row in the table of this file",
      severity: "error",
      from: { path: "^packages/", pathNot: [`^packages/(${packages})/`] },
      to: {},
    },
    {
      name: "no-deep-import",
      comment: "packages meet at their export maps, not inside each other's folders",
      severity: "error",
      from: { path: "^packages/([^/]+)/src/" },
      to: { path: "^packages/", pathNot: "^packages/$1/", dependencyTypes: ["local"] },
    },
    {
      name: "no-ring",
      comment: "no import rings: what runs must not, and types need not",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-node-in-pure-room",
      comment: "sans-I/O and isomorphic code imports no Node module; what Node knows comes in through a platform seam",
      severity: "error",
      from: { path: pureRooms, pathNot: doors },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-runtime-in-contract",
      comment: "a contract imports types, and symbols of other contracts; nothing that runs",
      severity: "error",
      from: { path: "/contract\\.ts$" },
      to: { pathNot: "/contract\\.ts$", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "no-tools-in-source",
      comment: "nothing published imports the private tools",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^tools/" },
    },
    {
      name: "no-tools-in-packages",
      comment: "tests of a package may share helpers through the testkit; the other tools stand above the packages",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/[^/]+/src/" },
      to: { path: "^tools/", pathNot: "^tools/testkit/" },
    },
    {
      name: "no-test-in-source",
      comment: "sources do not know their tests",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^packages/[^/]+/test/" },
    },
    {
      name: "no-dev-dependency-in-source",
      comment:
        "what a published file imports (its types too) is in `dependencies` or `peerDependencies` of its package",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "npm-bundled"] },
    },
    {
      name: "no-unresolved",
      comment: "an import that leads nowhere would slip past every other rule",
      severity: "error",
      from: { path: "^packages/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: "node_modules" },
    // What builds made; the `dist` of other people's packages must stay visible.
    exclude: { path: "^(packages|tools)/[^/]+/(dist|client-dist|[.]tmp)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["sockeye-source", "import", "node", "types", "default"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
