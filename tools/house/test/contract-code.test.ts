import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";
import { codeInContract } from "../src/contract-code.js";

const contracts = readdirSync(join(repository, "packages"), { recursive: true })
  .map(String)
  .filter((path) => /^[^/]+\/src\/(.+\/)?contract\.ts$/.test(path));

describe("the contracts of the packages", () => {
  it("are found", () => {
    expect(contracts).toEqual(
      expect.arrayContaining(["engine-server/src/contract.ts", "adapter-base/src/contract.ts"]),
    );
  });

  it.each(contracts)("%s holds no code", (path) => {
    expect(codeInContract(path, readFileSync(join(repository, "packages", path), "utf8"))).toEqual([]);
  });
});

describe("a contract", () => {
  it("holds types, ambient declarations, symbols and imports of names", () => {
    const text = [
      'import type { A } from "./a.js";',
      "export interface B { readonly a: A }",
      "export type C = B | 1;",
      'export type { D } from "./d.js";',
      'export { KEY } from "../contract.js";',
      "declare const brand: unique symbol;",
      "export declare class E {}",
      'export const F: unique symbol = Symbol.for("f") as never;',
    ].join("\n");
    expect(codeInContract("contract.ts", text)).toEqual([]);
  });

  it.each([
    "export const limit = 1;",
    "export function f(): void {}",
    "export class K {}",
    "export enum E { A }",
    'import "./side-effect.js";',
    'export * from "./implementation.js";',
    "console.log(1);",
    "export const A = Symbol(), b = 2;",
  ])("holds no %s", (statement) => {
    expect(codeInContract("contract.ts", `export type A = 1;\n${statement}`)).toEqual([`2: ${statement}`]);
  });
});
