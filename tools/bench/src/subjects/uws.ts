/** What this tool uses of uWebSockets.js, which is a native module in CommonJS. */
import { createRequire } from "node:module";

export interface UwsSocket<Data> {
  getUserData(): Data;
  send(message: string | Uint8Array, isBinary?: boolean): number;
  subscribe(topic: string): boolean;
}

export interface UwsResponse {
  upgrade<Data>(data: Data, key: string, protocol: string, extensions: string, context: unknown): void;
  writeHeader(key: string, value: string): UwsResponse;
  end(body: string): unknown;
  cork(callback: () => void): unknown;
  onAborted(callback: () => void): unknown;
  onData(callback: (chunk: ArrayBuffer, isLast: boolean) => void): unknown;
}

export interface UwsRequest {
  getHeader(name: string): string;
  getQuery(name: string): string | undefined;
}

export interface UwsBehavior<Data> {
  upgrade(response: UwsResponse, request: UwsRequest, context: unknown): void;
  open(socket: UwsSocket<Data>): void;
  message(socket: UwsSocket<Data>, message: ArrayBuffer, isBinary: boolean): void;
  close(socket: UwsSocket<Data>): void;
}

export interface UwsApp {
  ws<Data>(pattern: string, behavior: UwsBehavior<Data>): UwsApp;
  get(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  post(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  publish(topic: string, message: string | Uint8Array, isBinary?: boolean): boolean;
  listen(host: string, port: number, callback: (token: unknown) => void): UwsApp;
}

interface Uws {
  App(): UwsApp;
  us_socket_local_port(token: unknown): number;
}

export const uws = createRequire(new URL("package.json", process.env.BENCH_HOME))("uWebSockets.js") as Uws;

/** On a port of 127.0.0.1 that the system chooses. */
export function listen(app: UwsApp): Promise<number> {
  return new Promise((resolve, reject) => {
    app.listen("127.0.0.1", 0, (token) => {
      if (token === false) reject(new Error("uWebSockets.js could not listen"));
      else resolve(uws.us_socket_local_port(token));
    });
  });
}
