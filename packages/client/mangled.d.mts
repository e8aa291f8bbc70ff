/** Names of internal members, for `mangleProps` of esbuild. */
export const mangled: RegExp;
