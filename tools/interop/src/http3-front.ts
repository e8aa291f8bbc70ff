import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { fileURLToPath } from "node:url";
import type { WebTransportRequest, WebTransportSession, WebTransportStream } from "@sockeye/engine-server";

/** A certificate as browsers take it for WebTransport: ECDSA, valid for less than 14 days, known by its hash. */
export interface Certificate {
  readonly folder: string;
  readonly key: Buffer;
  readonly cert: Buffer;
  /** SHA-256 of its DER form. */
  readonly hash: number[];
  remove(): void;
}

export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-http3-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "10"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  try {
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  } catch (cause) {
    rmSync(folder, { recursive: true });
    throw new TypeError("no certificate for HTTP/3: the program openssl is missing or failed", { cause });
  }
  const der = new X509Certificate(readFileSync(cert)).raw;
  return {
    folder,
    key: readFileSync(key),
    cert: readFileSync(cert),
    hash: [...createHash("sha256").update(der).digest()],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

type SessionListener = (session: WebTransportSession, request: WebTransportRequest) => void;

/** The program itself: its launcher could not be ended without leaving it behind. */
function findDeno(): string {
  const { resolve } = createRequire(import.meta.url);
  const { runInstall } = createRequire(import.meta.url)(resolve("deno/install_api.cjs")) as { runInstall(): string };
  return runInstall();
}

const PROGRAM = fileURLToPath(new URL("./http3-front.mjs", import.meta.url));

/** HTTP/3 in front of this process: a program that ends it, and a TCP port on which its streams arrive. */
export class Http3Front {
  readonly #tcp: NetServer;
  readonly #program: ChildProcess;
  readonly #connections = new Set<Socket>();

  private constructor(tcp: NetServer, program: ChildProcess) {
    this.#tcp = tcp;
    this.#program = program;
    tcp.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
  }

  /** Listens on a UDP port of the loopback. */
  static async open(udpPort: number, certificate: Certificate, onSession: SessionListener): Promise<Http3Front> {
    const tcp = createServer((socket) => receive(socket, onSession));
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as { port: number };
    const { folder } = certificate;
    const files = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const flags = ["run", "--quiet", "--no-config", "--no-lock", "--allow-net", "--allow-read", "--unstable-net"];
    const program = spawn(findDeno(), [...flags, PROGRAM, `${udpPort}`, `${port}`, ...files], {
      // It ends when its input does: also with a test run that is killed.
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1" },
    });
    const front = new Http3Front(tcp, program);
    await new Promise<void>((resolve, reject) => {
      program.stdout?.once("data", () => resolve());
      program.once("exit", (code) => reject(new TypeError(`the HTTP/3 front ended with ${code}`)));
    });
    return front;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#program.once("exit", resolve));
    this.#program.kill("SIGKILL");
    await ended;
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }
}

/** The first line says what was asked for; what follows is the stream. */
function receive(socket: Socket, onSession: SessionListener): void {
  socket.on("error", () => undefined);
  let head = Buffer.alloc(0);
  const onReadable = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\n");
    if (end < 0) return;
    socket.off("readable", onReadable);
    const { url } = JSON.parse(head.toString("utf8", 0, end)) as { url: string };
    if (head.length > end + 1) socket.unshift(head.subarray(end + 1));
    onSession(sessionOf(socket), { url, remoteAddress: "127.0.0.1" });
  };
  socket.on("readable", onReadable);
}

/** A session of one stream, in the standard's shape. */
function sessionOf(socket: Socket): WebTransportSession {
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const stream = Duplex.toWeb(socket) as unknown as WebTransportStream;
  return {
    closed,
    incomingBidirectionalStreams: new ReadableStream<WebTransportStream>({
      start: (controller) => controller.enqueue(stream),
    }),
    close: () => socket.destroySoon(),
  };
}
