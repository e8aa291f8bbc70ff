import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { schemaSql } from "../src/index.js";

describe("the tables", () => {
  it("stand in the README as they are made", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    expect(/```sql\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(schemaSql());
  });

  it("may be durable, but for the one that tells of crashes", () => {
    expect(schemaSql().match(/CREATE UNLOGGED TABLE/g)).toHaveLength(7);
    expect(schemaSql({ durable: true }).match(/CREATE UNLOGGED TABLE/g)).toHaveLength(1);
  });

  it("may have other names, quoted", () => {
    expect(schemaSql({ tableName: 'real.a"b' })).toContain(
      'CREATE UNLOGGED TABLE IF NOT EXISTS "real"."a""b_messages"',
    );
    expect(() => schemaSql({ tableName: "a\0" })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_POSTGRES_OPTION" }),
    );
  });
});
