import { describe, expect, it } from "vitest";
import { countOf, idOf, limits, nameOf, pictureOf, roomOf, textOf } from "../src/untrusted.js";

const NOT_TEXT = [undefined, null, 7, {}, [], true, ["a"], { toString: () => "a" }];

describe("what pages send", () => {
  it("text is a string of bounded length with something in it", () => {
    expect(textOf(" hello\n<b>")).toBe(" hello\n<b>");
    expect(textOf("x".repeat(limits.text))).toHaveLength(limits.text);
    for (const bad of [...NOT_TEXT, "", " \n ", "x".repeat(limits.text + 1)]) expect(textOf(bad)).toBeUndefined();
  });

  it("names and rooms are one line", () => {
    expect(nameOf("  Ada\u0000\n\u202eLovelace ")).toBe("Ada Lovelace");
    expect(roomOf("Riverbed")).toBe("Riverbed");
    for (const bad of [...NOT_TEXT, "", "\u200b", "x".repeat(25)]) {
      expect(nameOf(bad)).toBeUndefined();
      expect(roomOf(bad)).toBeUndefined();
    }
  });

  it("ids and counts are what they say", () => {
    expect(idOf("0123456789abcdef")).toBe("0123456789abcdef");
    for (const bad of [...NOT_TEXT, "short", "has spaces in it", "x".repeat(41)]) expect(idOf(bad)).toBeUndefined();
    expect(countOf(10, 10)).toBe(10);
    for (const bad of [0, -1, 1.5, 11, Number.NaN, "5", null]) expect(countOf(bad, 10)).toBeUndefined();
  });

  it("a picture is known by its first bytes and its size", () => {
    const png = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), Buffer.alloc(8)]);
    expect(pictureOf(png)?.type).toBe("image/png");
    expect(pictureOf(Buffer.from("GIF89a......"))?.type).toBe("image/gif");
    expect(pictureOf(Buffer.from("RIFF1234WEBPVP8 "))?.type).toBe("image/webp");
    expect(pictureOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))?.type).toBe("image/jpeg");
    const tooLarge = Buffer.concat([png, Buffer.alloc(limits.picture)]);
    for (const bad of [...NOT_TEXT, Buffer.alloc(0), Buffer.from("<svg onload=alert(1)>"), tooLarge]) {
      expect(pictureOf(bad)).toBeUndefined();
    }
  });
});
