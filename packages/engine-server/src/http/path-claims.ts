/**
 * Which paths of which HTTP server belong to whom. An engine that is attached where another one was before (a server that
 * was closed and set up anew, on the same HTTP server) takes the path over: the former one must not answer as well.
 */
const claims = new WeakMap<object, Map<string, object>>();

export class PathClaims {
  readonly #owners: Map<string, object>;
  readonly #owner: object;
  readonly #prefixes = new Set<string>();

  constructor(server: object, owner: object) {
    this.#owner = owner;
    this.#owners = claims.get(server) ?? new Map();
    claims.set(server, this.#owners);
  }

  /** Claims a path and what lies below it. `/engine.io` and `/engine.io/` are the same place. */
  add(path: string): void {
    const prefix = path.replace(/\/$/, "");
    this.#prefixes.add(prefix);
    this.#owners.set(prefix, this.#owner);
  }

  /** How a path relates to the claimed ones; `"theirs"` when somebody else has taken it over. */
  match(path: string): "exact" | "below" | "theirs" | undefined {
    for (const prefix of this.#prefixes) {
      if (!path.startsWith(prefix)) continue;
      const rest = path.slice(prefix.length);
      const exact = rest === "" || rest === "/";
      // Below the root lies everything: an engine there claims nothing but the root itself.
      if (!exact && (prefix === "" || !rest.startsWith("/"))) continue;
      if (this.#owners.get(prefix) !== this.#owner) return "theirs";
      return exact ? "exact" : "below";
    }
    return undefined;
  }
}
