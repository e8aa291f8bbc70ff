import { createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { run, startDemo } from "./demo-server.js";

describe("the command", () => {
  it("prints its options", async () => {
    const { code, stdout } = await run(["--help"]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("--port N, PORT");
    expect(stdout).toContain("--host H, HOST");
  });

  it("says what is wrong with an option", async () => {
    const badPort = await run(["--port", "http"]).ended;
    expect(badPort.code).toBe(2);
    expect(badPort.stderr).toContain('"http" is not a port');
    const unknown = await run(["--colour"]).ended;
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("--colour");
  });

  it("says that the port is in use and ends with an error", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as { port: number };
    const { code, stderr } = await run(["--port", String(port)]).ended;
    squatter.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is in use`);
    expect(stderr).toContain("PORT=0");
  });

  it("takes the address of the option before that of the environment, and ends well on SIGTERM", async () => {
    const demo = run(["--port", "0", "--host", "127.0.0.2"], { PORT: "1", HOST: "127.0.0.3" });
    await new Promise((resolve) => demo.child.stdout?.once("data", resolve));
    demo.child.kill("SIGTERM");
    const { code, stdout } = await demo.ended;
    expect(stdout).toMatch(/http:\/\/127\.0\.0\.2:\d+\//);
    expect(code).toBe(0);
  });
});

describe("the page's files", async () => {
  const demo = await startDemo();
  afterAll(() => demo.end("SIGTERM"));

  it("come with a policy that lets nothing in from elsewhere", async () => {
    const response = await fetch(demo.url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("are all there, and hold no address of another host", async () => {
    const page = await (await fetch(demo.url)).text();
    const local = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string);
    expect(local).toContain("/app.js");
    for (const path of local) {
      const response = await fetch(new URL(path, demo.url));
      expect(response.status, path).toBe(200);
      const text = (await response.text()).replaceAll("http://www.w3.org/", "");
      expect(text, path).not.toMatch(/https?:\/\//);
    }
  });

  it("serves the client's own bundle, with a validator", async () => {
    const bundle = new URL("/socket.io/socket.io.esm.min.js", demo.url);
    const response = await fetch(bundle);
    expect(response.status).toBe(200);
    const etag = response.headers.get("etag") as string;
    const again = await fetch(bundle, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });

  it("knows no other path and no other method", async () => {
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/server.js", "/__proto__", "/index.html/"]) {
      expect((await fetch(new URL(path, demo.url))).status, path).toBe(404);
    }
    expect((await fetch(demo.url, { method: "POST" })).status).toBe(405);
  });
});
