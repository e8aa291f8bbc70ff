/** Names of internal members, for `mangleProps` of esbuild. */
export const mangled: RegExp;
/** What each of them becomes, for `mangleCache`. */
export const letters: Record<string, string>;
