import { describe, expect, it } from "vitest";
import { MemoryCookieJar, parseSetCookie } from "../src/platform/cookies.js";

const NOW = Date.UTC(2026, 0, 1);

describe("parseSetCookie", () => {
  it.each([
    ["a=b", "a", "b", Infinity],
    [" a = b=c ; Path=/; HttpOnly", "a", "b=c", Infinity],
    ["a=b; Max-Age=10", "a", "b", NOW + 10_000],
    ["a=b; max-age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", "b", NOW + 10_000],
    ["a=b; EXPIRES=Fri, 02 Jan 2026 00:00:00 GMT", "a", "b", Date.UTC(2026, 0, 2)],
    ["a=b; Expires=rubbish; Max-Age=rubbish", "a", "b", Infinity],
    ["a=", "a", "", Infinity],
  ])("reads %s", (header, name, value, expires) => {
    expect(parseSetCookie(header, NOW)).toEqual({ name, value, expires });
  });

  it.each(["", "a", "=b", " = b", ";"])("refuses %j", (header) => {
    expect(parseSetCookie(header, NOW)).toBe(undefined);
  });
});

describe("MemoryCookieJar", () => {
  it("sends cookies back until they expire or are deleted", () => {
    let now = NOW;
    const jar = new MemoryCookieJar(() => now);
    jar.store(["a=1; Max-Age=10", "b=2", "__proto__=3"]);
    expect(jar.header()).toBe("a=1; b=2; __proto__=3");
    jar.store(["b=4", "__proto__=; Max-Age=0"]);
    expect(jar.header()).toBe("a=1; b=4");
    now += 10_001;
    expect(jar.header()).toBe("b=4");
    jar.store(["b=; Max-Age=-1"]);
    expect(jar.header()).toBe("");
  });
});
