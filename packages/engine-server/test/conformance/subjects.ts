import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createHttp2, createSecureServer as createHttp2Tls } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningEngine, SubjectEngine } from "../../src/conformance/index.js";
import { type AnyHttpServer, type EngineOptions, Server } from "../../src/index.js";

/** A certificate for the loopback, made for this run. */
function makeCertificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-certificate-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let certificate: { key: Buffer; cert: Buffer } | undefined;

function tls(): { key: Buffer; cert: Buffer } {
  certificate ??= makeCertificate();
  return certificate;
}

export const servers = {
  "node:http": () => createHttp(),
  "node:https": () => createHttps(tls()),
  "node:http2": () => createHttp2(),
  "node:http2 with TLS, for both generations of HTTP": () => createHttp2Tls({ ...tls(), allowHTTP1: true }),
} satisfies Record<string, () => AnyHttpServer>;

/** Serves our engine on a server of any kind. */
export async function startOurs(server: AnyHttpServer, options: EngineOptions): Promise<RunningEngine> {
  const engine = new Server(options);
  engine.attach(server);
  return listen(server, engine);
}

/** Listens on the loopback; `stop` drops whatever connections are left. */
export async function listen(server: AnyHttpServer, engine: SubjectEngine): Promise<RunningEngine> {
  const net = server as unknown as NetServer;
  const connections = new Set<Socket>();
  for (const event of ["connection", "secureConnection"]) {
    net.on(event, (socket: Socket) => {
      connections.add(socket);
      socket.on("close", () => connections.delete(socket));
    });
  }
  await new Promise<void>((resolve) => net.listen(0, "127.0.0.1", resolve));
  const secure = "setSecureContext" in server;
  return {
    url: `${secure ? "https" : "http"}://127.0.0.1:${(net.address() as AddressInfo).port}`,
    engine,
    stop: async () => {
      engine.close();
      const closed = new Promise((resolve) => net.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}
