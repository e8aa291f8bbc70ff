import { describe, expect, it } from "vitest";
import { formatQuery, parseQuery, parseUrl } from "../src/url.js";

const page = { protocol: "https:", hostname: "page.example", port: "8443" };
const plain = { protocol: "http:", hostname: "page.example", port: "" };
/** Electron, Capacitor: a page without a host. */
const file = { protocol: "file:", hostname: "", port: "" };

const show = (uri: string | undefined, at?: typeof page) => {
  const { protocol, hostname, port, path } = parseUrl(uri, at);
  return `${protocol} ${hostname} ${port} ${path}`;
};

describe("parseUrl", () => {
  it.each([
    ["http://example.com", "http example.com 80 /"],
    ["https://example.com", "https example.com 443 /"],
    ["ws://example.com", "ws example.com 80 /"],
    ["wss://example.com/", "wss example.com 443 /"],
    ["http://example.com:8080/admin", "http example.com 8080 /admin"],
    ["https://user:secret@example.com/a/b", "https example.com 443 /a/b"],
    ["http://[::1]:3000/x", "http ::1 3000 /x"],
    ["http://[::1]", "http ::1 80 /"],
    ["http://example.com/admin?a=1#hash", "http example.com 80 /admin"],
    ["http://example.com?a=/b", "http example.com 80 /"],
    ["//example.com/x", "https example.com 443 /x"],
    ["example.com", "https example.com 443 /"],
    ["localhost:3000", "https localhost 3000 /"],
    ["/admin", "http localhost 80 /admin"],
    [undefined, "http localhost 80 /"],
    ["", "http localhost 80 /"],
  ])("reads %s without a page", (uri, expected) => {
    expect(show(uri)).toBe(expected);
    expect(show(uri, file)).toBe(expected);
  });

  it.each([
    [undefined, "https page.example 8443 /"],
    ["", "https page.example 8443 /"],
    ["/admin", "https page.example 8443 /admin"],
    ["//other.example", "https other.example 443 /"],
    ["other.example:81/x", "https other.example 81 /x"],
    ["http://other.example", "http other.example 80 /"],
  ])("reads %s on a page", (uri, expected) => {
    expect(show(uri, page)).toBe(expected);
  });

  it("takes the protocol of the page", () => {
    expect(show("other.example", plain)).toBe("http other.example 80 /");
    expect(show(undefined, plain)).toBe("http page.example 80 /");
  });

  it("takes linear time", () => {
    const before = process.cpuUsage();
    parseUrl(`http://${"a".repeat(200_000)}@${"b@".repeat(100_000)}`);
    parseUrl(`[${"[".repeat(200_000)}`);
    // Microseconds of this process: what others do on the machine does not count.
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});

describe("queries", () => {
  it("are read and written", () => {
    expect(parseQuery("a=1&b=x%20y&c&d==e&=f")).toEqual({ a: "1", b: "x y", c: "", d: "=e" });
    expect(formatQuery({ "a b": "x&y", n: 1, list: [1, 2] })).toBe("a%20b=x%26y&n=1&list=1%2C2");
    expect(formatQuery({})).toBe("");
  });
});
