/**
 * Type-checks folders of the workspace, each by its own tsconfig.json, in one process: `node tools/run/check-types.mjs packages/client ...`.
 *
 * The compiler reads a file once, however many folders import it, and a file of one of them is checked there alone, not again by all
 * who import it. Prints what `tsc` would; exits with 1 if there is anything.
 */
import { resolve, sep } from "node:path";
import ts from "typescript";

/** @typedef {Map<string, ts.SourceFile | undefined>} Parsed by path and by how it was read */

/**
 * @param {string} folder
 * @param {readonly string[]} others whose files are checked elsewhere
 * @param {Parsed} parsed shared by folders whose options agree on how a file is read, as those do that extend one base
 * @returns {readonly ts.Diagnostic[]}
 */
function check(folder, others, parsed) {
  const config = ts.getParsedCommandLineOfConfigFile(resolve(folder, "tsconfig.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
    },
  });
  if (config === undefined) throw new Error(`${folder} has no tsconfig.json`);
  const { fileNames, options, errors, projectReferences } = config;
  const program = ts.createProgram({
    rootNames: fileNames,
    options,
    ...(projectReferences && { projectReferences }),
    configFileParsingDiagnostics: errors,
    host: sharing(parsed, options),
  });
  const isOwn = (/** @type {string} */ path) =>
    !path.includes("/node_modules/") && !others.some((other) => isBelow(other, path));
  const own = program.getSourceFiles().filter(({ fileName }) => isOwn(resolve(fileName)));
  return ts.sortAndDeduplicateDiagnostics([
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((file) => diagnosticsOf(program, file)),
  ]);
}

/** @param {ts.Program} program @param {ts.SourceFile} file @returns {readonly ts.Diagnostic[]} */
function diagnosticsOf(program, file) {
  const { declaration } = program.getCompilerOptions();
  return [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
    ...(declaration ? program.getDeclarationDiagnostics(file) : []),
  ];
}

/** @param {Parsed} parsed @param {ts.CompilerOptions} options */
function sharing(parsed, options) {
  const host = ts.createCompilerHost(options, true);
  const read = host.getSourceFile;
  host.getSourceFile = (path, how, ...rest) => {
    const key = `${path}\n${JSON.stringify(how, ["languageVersion", "impliedNodeFormat", "jsDocParsingMode"])}`;
    if (!parsed.has(key)) parsed.set(key, read.call(host, path, how, ...rest));
    return parsed.get(key);
  };
  return host;
}

/** @param {string} folder @param {string} path */
function isBelow(folder, path) {
  return path.startsWith(resolve(folder) + sep);
}

/** @param {readonly string[]} folders */
function main(folders) {
  /** @type {Parsed} */
  const parsed = new Map();
  const found = folders.flatMap((folder) =>
    check(
      folder,
      folders.filter((other) => other !== folder),
      parsed,
    ),
  );
  const format = {
    getCanonicalFileName: String,
    getCurrentDirectory: ts.sys.getCurrentDirectory,
    getNewLine: () => "\n",
  };
  process.stdout.write(ts.formatDiagnostics(found, format));
  process.exitCode = found.length > 0 ? 1 : 0;
}

main(process.argv.slice(2));
