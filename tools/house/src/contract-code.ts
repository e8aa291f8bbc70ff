/** Finds what runs in a file that should hold types, symbols and prose only. */
import ts from "typescript";

/** The statements of a contract that leave code behind when it is compiled, as `line: text`. */
export function codeInContract(fileName: string, text: string): string[] {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true);
  return file.statements
    .filter((statement) => !isTypeOnly(statement) && !isSymbol(statement))
    .map((statement) => {
      const { line } = file.getLineAndCharacterOfPosition(statement.getStart());
      return `${line + 1}: ${statement.getText().split("\n")[0]}`;
    });
}

function isTypeOnly(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  // What is imported is judged by the dependency rules; what is re-exported must be a type or another contract's.
  if (ts.isImportDeclaration(statement)) return statement.importClause !== undefined;
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly || isContract(statement.moduleSpecifier);
  return ts.canHaveModifiers(statement) && hasDeclare(statement);
}

function isContract(specifier: ts.Expression | undefined): boolean {
  return specifier !== undefined && ts.isStringLiteral(specifier) && /(^|\/)contract\.js$/.test(specifier.text);
}

function hasDeclare(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

/** `export const NAME: unique symbol = Symbol(...)`, or `Symbol.for(...)`. */
function isSymbol(statement: ts.Statement): boolean {
  if (!ts.isVariableStatement(statement)) return false;
  return statement.declarationList.declarations.every(({ initializer }) => isSymbolCall(initializer));
}

function isSymbolCall(expression: ts.Expression | undefined): boolean {
  if (expression === undefined) return false;
  if (ts.isAsExpression(expression)) return isSymbolCall(expression.expression);
  return ts.isCallExpression(expression) && /^Symbol(\.for)?$/.test(expression.expression.getText());
}
