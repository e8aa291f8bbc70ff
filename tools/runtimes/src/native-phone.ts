/**
 * What React Native gives an app, and nothing else: a realm without window, document, Buffer, process and modules. Its
 * XMLHttpRequest and WebSocket, made of native code there, are bridged to this process.
 */
import http from "node:http";
import vm from "node:vm";
import * as esbuild from "esbuild";
import { WebSocket as Wire } from "ws";

export interface Phone {
  /** Runs a program in the app; its value, when that settles. Plain data only. */
  run<T>(program: string): Promise<T>;
  /** Cuts every connection, as a network that goes away does. */
  cut(): void;
  /** Connections and timers that the app has open. */
  open(): { sockets: number; requests: number; timers: number };
}

/** The client as Metro takes it: by the conditions of React Native. */
async function bundle(folder: string, entryPoint: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `import { io } from "${entryPoint}"; globalThis.io = io;`, resolveDir: folder },
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    mainFields: ["react-native", "browser", "main"],
    conditions: ["react-native"],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

export async function startApp(folder: string, entryPoint: string): Promise<Phone> {
  const sockets = new Set<Wire>();
  const requests = new Set<http.ClientRequest>();
  const timers = new Set<NodeJS.Timeout>();

  const context = vm.createContext({});
  const realm = vm.runInContext("({ ArrayBuffer, Uint8Array })", context) as {
    ArrayBuffer: ArrayBufferConstructor;
    Uint8Array: Uint8ArrayConstructor;
  };
  /** Bytes of the app's own realm. */
  const bytesFor = (data: Buffer): ArrayBuffer => {
    const buffer = new realm.ArrayBuffer(data.length);
    new realm.Uint8Array(buffer).set(data);
    return buffer;
  };

  class WebSocket {
    binaryType = "blob";
    readyState = 0;
    onopen?: (event: object) => void;
    onmessage?: (event: object) => void;
    onerror?: (event: object) => void;
    onclose?: (event: object) => void;
    readonly #wire: Wire;

    constructor(uri: string, protocols?: string | string[], options?: { headers?: Record<string, string> }) {
      this.#wire = new Wire(uri, protocols ?? [], { headers: options?.headers });
      sockets.add(this.#wire);
      this.#wire.on("open", () => {
        this.readyState = 1;
        this.onopen?.({});
      });
      this.#wire.on("message", (data: Buffer, isBinary) =>
        this.onmessage?.({ data: isBinary ? bytesFor(data) : `${data}` }),
      );
      this.#wire.on("error", ({ message }) => this.onerror?.({ message }));
      this.#wire.on("close", (code, reason) => {
        sockets.delete(this.#wire);
        this.readyState = 3;
        this.onclose?.({ code, reason: `${reason}` });
      });
    }
    /** Copied at once, as the bridge of React Native does. */
    send(data: string | ArrayBuffer | ArrayBufferView): void {
      if (typeof data === "string") this.#wire.send(data);
      else if (ArrayBuffer.isView(data)) this.#wire.send(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      else this.#wire.send(Buffer.from(data));
    }
    close(code?: number, reason?: string): void {
      this.readyState = 2;
      this.#wire.close(code, reason);
    }
  }

  class XMLHttpRequest {
    status = 0;
    responseText = "";
    timeout = 0;
    withCredentials = true;
    onloadend?: (event: object) => void;
    #target = { method: "", uri: "" };
    readonly #headers: Record<string, string> = {};
    #request: http.ClientRequest | undefined;
    #ended = false;

    open(method: string, uri: string): void {
      this.#target = { method, uri };
    }
    setRequestHeader(name: string, value: string): void {
      this.#headers[name] = value;
    }
    send(body?: string): void {
      const { method, uri } = this.#target;
      const request = http.request(uri, { method, headers: this.#headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("close", () => {
          if (response.complete) Object.assign(this, { status: response.statusCode, responseText: text });
          this.#end();
        });
      });
      this.#request = request;
      requests.add(request);
      request.on("error", () => this.#end());
      request.end(body);
    }
    abort(): void {
      this.#request?.destroy();
      this.#end();
    }
    #end(): void {
      if (this.#ended) return;
      this.#ended = true;
      requests.delete(this.#request!);
      this.onloadend?.({});
    }
  }

  const start = (run: (...args: unknown[]) => void, ms: number, ...args: unknown[]) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run(...args);
    }, ms);
    timers.add(timer);
    return timer[Symbol.toPrimitive]();
  };
  const stop = (id: number) => {
    for (const timer of timers) if (timer[Symbol.toPrimitive]() === id) timers.delete(timer);
    clearTimeout(id);
  };

  Object.assign(context, {
    WebSocket,
    XMLHttpRequest,
    fetch: () => Promise.reject(new TypeError("Network request failed")),
    setTimeout: start,
    clearTimeout: stop,
    atob,
    btoa,
    navigator: { product: "ReactNative" },
    console: { error: console.error, warn: console.warn, log: console.log },
  });
  vm.runInContext(await bundle(folder, entryPoint), context, { filename: "app.js" });
  return {
    run: <T>(program: string) => vm.runInContext(`(async () => { ${program} })()`, context) as Promise<T>,
    cut: () => {
      for (const wire of sockets) wire.terminate();
      for (const request of requests) request.destroy();
    },
    open: () => ({ sockets: sockets.size, requests: requests.size, timers: timers.size }),
  };
}
